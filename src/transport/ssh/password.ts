import type { AnyAuthMethod, Prompt } from 'ssh2';
import { AppError } from '../../errors.ts';
import type { Secret } from '../../values/secret.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Target } from '../transport.ts';
import type { Asking } from './person.ts';

/** Words for a password in the languages that hosts ask in. */
const password =
  /passwor[dt]|mot de passe|contrase[nñ]a|parola|senha|wachtwoord|l[oö]senord|adgangskode|salasana|has[lł]o|heslo|jelsz[oó]|lozinka|пароль|パスワード|密[码碼]|口令|비밀번호|암호|şifre/u;

/** Whole words of questions for what only a person has, although it may be called a password, too. */
const code =
  'verif\\p{L}*|codes?|tokens?|t?otp|one[- ]?time|passcode|pin|[2m]fa|factor|duo|yubi\\p{L}*|challenge|response';
const aCode = new RegExp(`(?<!\\p{L})(?:${code})(?!\\p{L})`, 'u');

/** Those of questions that are for something else, although a password may be named in them. */
const somethingElse = [
  code,
  'new|neue[sn]?|nouveau|nuev[ao]|nov[aáéo]|nieuwe?|nytt?|ny|nowe|нов\\p{L}+',
  're-?type|re-?enter|repeat|again|confirm\\p{L}*|wiederhol\\p{L}*|repita|répét\\p{L}*',
  'current|old|expired|chang\\p{L}*|aktuelle[sn]?|actuel|actual',
  'sudo|su|passphrase|key',
].join('|');
const notTheLogin = new RegExp(`(?<!\\p{L})(?:${somethingElse})(?!\\p{L})|新|再`, 'u');

/** Whether a question without an echo is the one that a login with a password begins with. */
export function asksForPassword({ prompt, echo }: Prompt): boolean {
  const question = questionOf(prompt);
  return echo !== true && password.test(question) && !notTheLogin.test(question);
}

/** Whether it is for what a person reads from a device, and not a password, old or new. */
export function asksForCode({ prompt }: Prompt): boolean {
  const question = questionOf(prompt);
  return aCode.test(question) || !(password.test(question) || notTheLogin.test(question));
}

function questionOf(prompt: string): string {
  // What stands above the question is the host's greeting; the host's own name may hold any word.
  const line = prompt.split(/[\r\n]+/).findLast((text) => text.trim() !== '') ?? '';
  return line.toLowerCase().replaceAll(/\S+@\S+/g, '');
}

/**
 * keyboard-interactive, for one attempt: the password answers one question that looks like the one for it, once, and a
 * person those for codes, once. Whatever else is asked is not answered, and is said.
 */
export function answering(target: Target, secret: Secret | undefined, { giveUp, ask }: Asking): AnyAuthMethod {
  const { user } = target;
  const answered = { password: false, codes: false };
  return {
    type: 'keyboard-interactive',
    username: user,
    prompt: (_title, _instructions, _language, prompts, finish) => {
      const [question] = prompts;
      if (ask !== undefined && prompts.length <= mostQuestions && prompts.every(asksForCode)) {
        if (answered.codes) {
          giveUp(asksAgain(target, 'what was answered'));
          return;
        }
        answered.codes = true;
        // Whoever rejects has given up already.
        void ask(prompts).then(finish, () => undefined);
      } else if (secret === undefined || question === undefined || prompts.length > 1 || !asksForPassword(question)) {
        giveUp(askedSomethingElse(target, prompts, secret, ask !== undefined));
      } else if (answered.password) {
        giveUp(asksAgain(target, `the password of ${user}`));
      } else {
        answered.password = true;
        finish([secret.reveal()]);
      }
    },
  };
}

/** More than these at once nobody is asked in earnest. */
const mostQuestions = 4;

function asksAgain({ name, user }: Target, what: string): AppError {
  return what.startsWith('the password')
    ? new AppError('auth-failed', `${name}: asks again: ${what} was wrong`, {
        hint: `Correct password for ${name}. It was tried once, so as not to lock the account.`,
      })
    : new AppError('auth-failed', `${name}: asks ${user} again: ${what} was wrong`, {
        hint: 'Begin anew with the next code. Each login asks once, so as not to lock the account.',
      });
}

function askedSomethingElse(
  { name, user }: Target,
  prompts: readonly Prompt[],
  secret: Secret | undefined,
  couldAsk: boolean,
): AppError {
  const asked = prompts.map(({ prompt }) => prompt).join(' ');
  // A host that knows the password already may say it back.
  const shown =
    secret !== undefined && asked.includes(secret.reveal()) ? '' : ` (${JSON.stringify(oneLine(asked, 80))})`;
  const [question] = prompts;
  if (secret === undefined && question !== undefined && prompts.length === 1 && asksForPassword(question))
    return new AppError(
      'auth-failed',
      `${name}: the login of ${user} is asked for its password${shown}: there is none`,
      {
        hint: `Set password for ${name}.`,
      },
    );
  return new AppError(
    'auth-failed',
    `${name}: the login of ${user} is asked for something else than its password${shown}: nothing was answered`,
    {
      hint: couldAsk
        ? `plimsoll sets no new passwords: log in to ${name} by hand once.`
        : `One-time codes are asked for only where there is a terminal, and plimsoll sets no new passwords: give ${name} an identity_file, or log in by hand once.`,
    },
  );
}

/** The server wants the password to be changed first. */
export function mustBeChanged({ name, user }: Target): AppError {
  return new AppError(
    'auth-failed',
    `${name}: the password of ${user} has to be changed before anybody can log in with it`,
    { hint: `Log in to ${name} by hand once, and correct password then.` },
  );
}
