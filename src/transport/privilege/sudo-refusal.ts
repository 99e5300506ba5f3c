import { AppError } from '../../errors.ts';
import { byHand } from '../../values/shell.ts';
import { sudoDefaults, sudoRule } from '../../values/sudoers.ts';
import { denied, inSudoers } from './said.ts';
import type { Ending, PrivilegeWish } from './wish.ts';

/**
 * sudo asks for a password that there is none of, in the words that it also has for a user with rules, none of which is for a
 * shell: whether there is one is asked for (`sudo-rule.ts`).
 */
export class PasswordWanted extends AppError {
  readonly text: string;
  constructor(wish: PrivilegeWish, text: string) {
    const { message, hint = '' } = denied(
      wish,
      `sudo wants the password of ${wish.user}`,
      text,
      `Set become_password for ${wish.host}, or allow it without one. ${ruleHint(wish, false)}`,
    );
    super('privilege-denied', message, { hint });
    this.name = 'PasswordWanted';
    this.text = text;
  }
}

function ruleHint({ host, user, becomeUser }: PrivilegeWish, password: boolean): string {
  return inSudoers(host, sudoRule({ user, becomeUser, password }));
}

export function wrongPassword({ host, user, become, becomeUser }: PrivilegeWish): AppError {
  const whose = become === 'su' ? becomeUser : user;
  return new AppError('privilege-password', `${host}: ${become} did not accept the password of ${whose}`, {
    hint: `Correct become_password for ${host}${become === 'su' ? `: su wants that of ${becomeUser}, not that of ${user}` : ''}. It was tried once, so as not to lock the account.`,
  });
}

export function noRule(wish: PrivilegeWish, text: string): AppError {
  return denied(
    wish,
    `${wish.user} may not run /bin/sh as ${wish.becomeUser} through sudo`,
    text,
    `plimsoll runs one shell there and everything in it: rules for single programs are of no use to it, and one for a shell is all of ${wish.becomeUser}'s rights. ${ruleHint(wish, wish.becomePassword !== undefined)}`,
  );
}

interface Words {
  /** In sudo's own words (1.8 to 1.9), in sudo-rs', and in those of PAM, in the C locale. */
  readonly pattern: RegExp;
  readonly error: (wish: PrivilegeWish, ending: Ending) => AppError | undefined;
}

/** Behind these words sudo, or PAM, goes on to ask for a new one, with a question of its own. */
export const passwordExpired =
  /password is expired|password expired|expired password|required to change your password|new authentication token required/i;

/** The first that fits says it: what stands further up is the cause of what may be said below it. */
const words: readonly Words[] = [
  {
    pattern: /must have a tty/,
    error: (wish, { text }) =>
      denied(wish, 'sudo demands a terminal', text, inSudoers(wish.host, sudoDefaults(wish.user, '!requiretty'))),
  },
  {
    pattern: passwordExpired,
    error: (wish, { text }) =>
      denied(
        wish,
        `the password of ${wish.user} has expired`,
        text,
        `Give it a new one on ${wish.host}: ${byHand('passwd', wish.user)} as root, or log in by hand, where you are asked for it. Then set become_password.`,
      ),
  },
  {
    pattern: /account validation failure|account (?:has |is )?(?:expired|locked)/i,
    error: (wish, { text }) =>
      denied(
        wish,
        `the account of ${wish.user} has expired or is locked`,
        text,
        `As root on ${wish.host}, ${byHand('chage', '-l', wish.user)} shows when it ends, and ${byHand('chage', '-E', '-1', wish.user)} takes that away.`,
      ),
  },
  {
    pattern: /not in the sudoers|not allowed to (?:execute|run|authenticate)|may not run |I'm afraid I can't do that/,
    error: (wish, { text }) => noRule(wish, text),
  },
  {
    pattern: /incorrect (?:password|authentication) attempt|try again|authentication failure/i,
    error: (wish, { answered }) => (answered ? wrongPassword(wish) : undefined),
  },
  {
    pattern: /sudo-io|I\/O (?:plugin|log)|iolog/i,
    error: (wish, { text }) =>
      denied(
        wish,
        'sudo could not begin its record of what is written and read (log_input, log_output)',
        text,
        `Make room where it is kept, or have it not kept for ${wish.user}. ${inSudoers(wish.host, sudoDefaults(wish.user, '!log_input', '!log_output'))}`,
      ),
  },
  {
    pattern:
      /syntax error|parse error|invalid configuration|is (?:world|group) writable|bad permissions|is owned by uid/i,
    error: (wish, { text }) =>
      denied(
        wish,
        'a file of sudoers is wrong, and sudo goes on without it',
        text,
        `As root on ${wish.host}: visudo -c says what is wrong with which file.`,
      ),
  },
  {
    pattern:
      /password is required|no password was provided|interact(?:ive authentication|ion) is required|authentication required but not attempted|terminal is required/i,
    error: (wish, { text }) => new PasswordWanted(wish, text),
  },
  {
    pattern: /unknown user|user '[^']*' not found/,
    error: (wish, { text }) =>
      denied(wish, `there is no user ${wish.becomeUser}`, text, `Correct become_user for ${wish.host}.`),
  },
  {
    pattern: /must be owned by uid 0|effective uid is not 0|no.new.privileges/i,
    error: (wish, { text }) =>
      denied(
        wish,
        'sudo is not allowed to give anybody rights',
        text,
        `As root on ${wish.host}: ls -l "$(command -v sudo)" is to show the owner root and the mode -rwsr-xr-x, on a file system without nosuid; sshd may not run with NoNewPrivileges. Or log in as ${wish.becomeUser} and set become: false.`,
      ),
  },
  {
    pattern: /sudo: (?:command )?not found|sudo: No such file/,
    error: (wish, { text }) =>
      denied(
        wish,
        'there is no sudo',
        text,
        `Install sudo on ${wish.host}, or set become: doas or su where one of these is there, or log in as ${wish.becomeUser} and set become: false.`,
      ),
  },
  {
    pattern: /invalid option|unrecognized option|unknown option|usage: sudo/i,
    error: (wish, { text }) =>
      denied(
        wish,
        'this sudo does not know an option that it was given (-H, -n, -S, -p, -u)',
        text,
        `sudo-rs knows them from 0.2.5 on, sudo from 1.8 on: update it on ${wish.host}. Without a password -p is not needed. ${ruleHint(wish, false)}`,
      ),
  },
];

export function sudoRefusal(wish: PrivilegeWish, ending: Ending): AppError {
  for (const { pattern, error } of words) {
    const found = pattern.test(ending.text) ? error(wish, ending) : undefined;
    if (found !== undefined) return found;
  }
  return denied(
    wish,
    `sudo ended with status ${String(ending.status)}`,
    ending.text,
    `Try it by hand: ${byHand('ssh', `${wish.user}@${wish.host}`, 'sudo', '-u', wish.becomeUser, '/bin/sh')}`,
  );
}
