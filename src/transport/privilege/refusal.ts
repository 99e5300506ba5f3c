import { AppError } from '../../errors.ts';
import { byHand } from '../../values/shell.ts';
import { doasRule } from '../../values/sudoers.ts';
import { denied, said } from './said.ts';
import { sudoRefusal, wrongPassword } from './sudo-refusal.ts';
import type { Ending, PrivilegeWish } from './wish.ts';

/** Why the rights were not given, and what to do about it. `status` is undefined where the connection ended. */
export function refusal(
  wish: PrivilegeWish,
  { status, ...ending }: Omit<Ending, 'status'> & { readonly status: number | undefined },
): AppError {
  const { host, user, become } = wish;
  const { text } = ending;
  if (status === undefined)
    return new AppError(
      'connection-lost',
      `${host}: the connection was lost while ${become === 'none' ? 'the shell' : become} was started${said(text)}`,
    );
  if (status === 97)
    return new AppError('missing-tool', `${host}: there is no setsid`, { hint: `Install util-linux on ${host}.` });
  switch (become) {
    case 'none':
      return denied(
        wish,
        `the login shell of ${user} ended with status ${String(status)} before it started /bin/sh`,
        text,
        `Check that this works: ${byHand('ssh', `${user}@${host}`, '/bin/sh')}`,
      );
    case 'sudo':
      return sudoRefusal(wish, { ...ending, status });
    case 'doas':
      return doasRefusal(wish, { ...ending, status });
    case 'su':
      return suRefusal(wish, { ...ending, status });
  }
}

/** OpenDoas 6.6 to 6.8, and OpenBSD's. */
function doasRefusal(wish: PrivilegeWish, { text, status }: Ending): AppError {
  const { host, user, becomeUser } = wish;
  const line = `As root on ${host}, /etc/doas.conf takes this line: ${doasRule(wish)}`;
  if (/doas: (?:command )?not found|doas: No such file/.test(text))
    return denied(wish, 'there is no doas', text, `Install doas on ${host} (Debian: opendoas), or set become: sudo.`);
  if (/doas is not enabled/.test(text)) return denied(wish, 'doas has no rules yet', text, line);
  if (/auth(?:oriz|entic)ation required|a tty is required/i.test(text))
    return denied(
      wish,
      `doas wants the password of ${user}, which it takes from a terminal only`,
      text,
      `There is none, and become_password is of no use to doas: allow it without. ${line}`,
    );
  if (/operation not permitted|auth(?:oriz|entic)ation failed/i.test(text))
    return denied(
      wish,
      `${user} may not run /bin/sh as ${becomeUser} through doas`,
      text,
      `No rule allows it, or the account has expired (${byHand('chage', '-l', user)}). ${line}`,
    );
  if (/unknown user|no passwd entry/.test(text))
    return denied(wish, `there is no user ${becomeUser}`, text, `Correct become_user for ${host}.`);
  if (/doas\.conf|syntax error/.test(text))
    return denied(wish, 'doas.conf is wrong', text, `As root on ${host}: doas -C /etc/doas.conf says where.`);
  if (/not installed setuid/.test(text))
    return denied(wish, 'doas is not allowed to give anybody rights', text, `Install doas on ${host} again.`);
  return denied(
    wish,
    `doas ended with status ${String(status)}`,
    text,
    `Try it by hand: ${byHand('ssh', `${user}@${host}`, 'doas', '-n', '-u', becomeUser, '/bin/sh')}`,
  );
}

/** What su was to be asked with is not there. */
export function suWantsPassword(wish: PrivilegeWish, text: string): AppError {
  return denied(
    wish,
    `su wants the password of ${wish.becomeUser}`,
    text,
    `Set become_password for ${wish.host} (that of ${wish.becomeUser}, not that of ${wish.user}), or become: sudo.`,
  );
}

/** util-linux's, shadow's and busybox', with PAM or without. */
function suRefusal(wish: PrivilegeWish, { text, status, answered }: Ending): AppError {
  const { host, user, becomeUser } = wish;
  if (/su: (?:command )?not found|su: No such file/.test(text))
    return denied(wish, 'there is no su', text, `Install util-linux on ${host}, or set become: sudo.`);
  if (/does not exist|unknown user|no passwd entry/i.test(text))
    return denied(wish, `there is no user ${becomeUser}`, text, `Correct become_user for ${host}.`);
  if (/must be run from a terminal|must have a tty/.test(text))
    return denied(wish, 'su demands a terminal', text, `There is none: set become: sudo for ${host}.`);
  if (/required to change your password|password (?:has |is )?expired|authentication token/i.test(text))
    return denied(
      wish,
      `the password of ${becomeUser} has expired`,
      text,
      `Give it a new one on ${host}: ${byHand('passwd', becomeUser)} as root. Then set become_password.`,
    );
  if (/account (?:has |is )?(?:expired|locked)/i.test(text))
    return denied(
      wish,
      `the account of ${becomeUser} has expired or is locked`,
      text,
      `As root on ${host}, ${byHand('chage', '-l', becomeUser)} shows when it ends.`,
    );
  if (/permission denied/i.test(text))
    return denied(
      wish,
      `${user} may not become ${becomeUser} through su`,
      text,
      `Where /etc/pam.d/su has pam_wheel, as root on ${host}: usermod -aG wheel (or root, or sudo) ${user}. Or set become: sudo.`,
    );
  if (/authentication failure|incorrect password|sorry/i.test(text) && answered) return wrongPassword(wish);
  return denied(
    wish,
    `su ended with status ${String(status)}`,
    text,
    `Try it by hand: ${byHand('ssh', '-t', `${user}@${host}`, 'su', '-s', '/bin/sh', becomeUser)}`,
  );
}
