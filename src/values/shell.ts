/**
 * The one place where a value becomes shell text. Everything between single quotes is literal in
 * every POSIX shell; a single quote itself is closed, escaped and re-opened. A NUL cannot exist in
 * an argument, so it is refused.
 */
export function quote(value: string): string {
  if (value.includes('\0')) throw new RangeError('a NUL character cannot be part of a command');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** Words that a shell does not take for a program when they come first and are not quoted. */
const notAProgram = /=|^(?:case|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while)$/;

/** An argument vector as one line of shell, for running and for showing: the same text. */
export function commandLine([program, ...args]: readonly string[]): string {
  if (program === undefined) return '';
  const first = quote(program);
  return [notAProgram.test(first) && first === program ? `'${program}'` : first, ...args.map(quote)].join(' ');
}

/**
 * A command for somebody to paste: what a host, a file or a record calls a thing stays one word of it, whatever is in that. A
 * NUL, which no command can have, is shown.
 */
export function byHand(...argv: readonly string[]): string {
  return commandLine(argv.map((word) => word.replaceAll('\0', String.raw`\0`)));
}
