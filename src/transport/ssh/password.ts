import type { AnyAuthMethod, Prompt } from 'ssh2';
import { AppError } from '../../errors.ts';
import type { Secret } from '../../values/secret.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Target } from '../transport.ts';

/** Words for a password in the languages that hosts ask in. */
const password =
  /passwor[dt]|mot de passe|contrase[nñ]a|parola|senha|wachtwoord|l[oö]senord|adgangskode|salasana|has[lł]o|heslo|jelsz[oó]|lozinka|пароль|パスワード|密[码碼]|口令|비밀번호|암호|şifre/u;

/** Whole words of questions that are for something else, although a password may be named in them. */
const somethingElse = [
  'new|neue[sn]?|nouveau|nuev[ao]|nov[aáéo]|nieuwe?|nytt?|ny|nowe|нов\\p{L}+',
  're-?type|re-?enter|repeat|again|confirm\\p{L}*|wiederhol\\p{L}*|repita|répét\\p{L}*',
  'current|old|expired|chang\\p{L}*|aktuelle[sn]?|actuel|actual',
  'verif\\p{L}*|codes?|tokens?|t?otp|one[- ]?time|passcode|pin|[2m]fa|factor|duo|yubi\\p{L}*|challenge|response',
  'sudo|su|passphrase|key',
].join('|');
const notTheLogin = new RegExp(`(?<!\\p{L})(?:${somethingElse})(?!\\p{L})|新|再`, 'u');

/** Whether a question without an echo is the one that a login with a password begins with. */
export function asksForPassword({ prompt, echo }: Prompt): boolean {
  // What stands above the question is the host's greeting; the host's own name may hold any word.
  const line = prompt.split(/[\r\n]+/).findLast((text) => text.trim() !== '') ?? '';
  const question = line.toLowerCase().replaceAll(/\S+@\S+/g, '');
  return echo !== true && password.test(question) && !notTheLogin.test(question);
}

/**
 * keyboard-interactive, for one attempt: the password answers one question that looks like the one for it, once.
 * Whatever else is asked is not answered, and is said.
 */
export function answering({ name, user }: Target, secret: Secret, giveUp: (error: AppError) => void): AnyAuthMethod {
  let answered = false;
  return {
    type: 'keyboard-interactive',
    username: user,
    prompt: (_title, _instructions, _language, prompts, finish) => {
      const [question] = prompts;
      if (question === undefined || prompts.length > 1 || !asksForPassword(question)) {
        giveUp(askedSomethingElse(name, user, prompts, secret));
      } else if (answered) {
        giveUp(
          new AppError('auth-failed', `${name}: asks again: the password of ${user} was wrong`, {
            hint: `Correct password for ${name}. It was tried once, so as not to lock the account.`,
          }),
        );
      } else {
        answered = true;
        finish([secret.reveal()]);
      }
    },
  };
}

function askedSomethingElse(name: string, user: string, prompts: readonly Prompt[], secret: Secret): AppError {
  const asked = prompts.map(({ prompt }) => prompt).join(' ');
  // A host that knows the password already may say it back.
  const shown = asked.includes(secret.reveal()) ? '' : ` (${JSON.stringify(oneLine(asked, 80))})`;
  return new AppError(
    'auth-failed',
    `${name}: the login of ${user} is asked for something else than its password${shown}: nothing was answered`,
    {
      hint: `plimsoll answers no one-time codes and sets no new passwords: give ${name} an identity_file, or log in by hand once.`,
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
