import type { AppError } from '../../errors.ts';
import { privilegedEnvironment } from '../../values/privileged-environment.ts';
import { quote } from '../../values/shell.ts';
import { noRule, type PasswordWanted } from './sudo-refusal.ts';
import type { PrivilegeWish } from './wish.ts';

/**
 * Whether sudo has a rule for a shell, with a password or without, as a command line for the login shell. Behind the nonce nothing
 * is said, and the status is 1, where there is none; where sudo wants a password for this, too, it says that.
 */
export function ruleQuestion({ becomeUser }: PrivilegeWish, nonce: string): string {
  const ask = `${privilegedEnvironment}; echo ${nonce}; exec sudo -n -l -u "$1" -- /bin/sh -c : 2>&1 >/dev/null`;
  return `exec /bin/sh -c ${quote(ask)} plimsoll ${quote(becomeUser)}`;
}

/** What sudo has answered makes the message more exact, or leaves it as it is. */
export function moreExactly(
  wish: PrivilegeWish,
  wanted: PasswordWanted,
  answer: { readonly status: number | undefined; readonly stdout: string },
  nonce: string,
): AppError {
  const [, said] = answer.stdout.split(`${nonce}\n`);
  return answer.status === 1 && said?.trim() === ''
    ? noRule(wish, `it has rules for ${wish.user}, and none of them is for a shell`)
    : wanted;
}
