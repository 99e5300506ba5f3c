import type { ProgramFeed } from '../../facts/fact.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { assignments } from '../../shell/render.ts';

/** Gives a secret's value, for the moment in which it is sent. */
export type Reveal = (reference: SecretReference) => string;

const prefix = 'plimsoll_secret_';
/** Said last: whoever finds it has all of them. */
const whole = 'plimsoll_fed';

/** What stands in a script for a secret: a variable of its shell, which no argument list and no file shows. */
export function secretVariable(index: number): string {
  return `"$${prefix}${String(index)}"`;
}

/** The values for a script's `secretVariable`s, as text that its shell evaluates. It travels by standard input only. */
export function feedOf(secrets: readonly SecretReference[], reveal: Reveal): string {
  const values = secrets.map((secret, index) => assignments({ [`${prefix}${String(index)}`]: reveal(secret) }));
  return secrets.length === 0 ? '' : `${[...values, assignments({ [whole]: secrets.length })].join('\n')}\n`;
}

/** The lines of a script that take what `feedOf` gives from descriptor 3, or do not go on. */
export function takeFeed(count: number, otherwise: string): readonly string[] {
  return count === 0
    ? []
    : ['eval "$(cat <&3)"', 'exec 3<&-', `[ "$\{${whole}-}" = ${String(count)} ] || { ${otherwise}; }`];
}

/** The same for a program that only reads (facts/argv.ts), with all of its environment. */
export function feedOfFact({ env = {}, stdin }: ProgramFeed, reveal: Reveal): string {
  const value = (name: string, one: string | SecretReference): string =>
    assignments({ [name]: typeof one === 'string' ? one : reveal(one) });
  const exports = Object.entries(env).map(([name, one]) => `export ${value(name, one)}`);
  return [...exports, ...(stdin === undefined ? [] : [value('input', stdin)])].map((line) => `${line}\n`).join('');
}
