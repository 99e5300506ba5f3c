import { quote } from '../values/shell.ts';

/**
 * How texts of shell are put together; nowhere else. A value becomes a positional parameter or a variable here, and never a
 * part of a command.
 */

/** `name=value` of each, in one line. */
export function assignments(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value === '' ? '' : quote(String(value))}`)
    .join(' ');
}

/** A function of the shell, of one or more texts; without any it succeeds. */
export function functionOf(name: string, ...body: readonly string[]): string {
  const text = body.filter((part) => part !== '').join('\n');
  return `${name}() {\n${text === '' ? ':' : text}\n}`;
}

/** A function that calls what it is given, with these words after whatever follows that. */
export function functionThatAdds(name: string, words: readonly string[]): string {
  return `${name}() { "$@" ${words.map(quote).join(' ')}; }`;
}

/**
 * A text with its `$1`, `$2` … as one command: it changes no variable, option or trap of whoever has it as a part, and its
 * programs find their input empty. `hooks` are functions that it calls, by their names.
 */
export function inSubshell(
  text: string,
  args: readonly string[],
  hooks: Readonly<Record<string, string>> = {},
): string {
  const functions = Object.entries(hooks).map(([name, body]) => functionOf(name, body));
  return ['(', ...functions, `set -- ${args.map(quote).join(' ')}`, text, ') </dev/null'].join('\n');
}

/**
 * The texts one after the other, for `sh -s`: read whole before any of them runs, and their programs find their input empty
 * instead of eating the rest. Its first line is for whoever reads a plan.
 */
export function wholeScript(title: string, ...parts: readonly string[]): string {
  return [`# ${title}`, '{', ...parts, '} </dev/null', ''].join('\n');
}
