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

/** An argument vector as one line of shell, for running and for showing: the same text. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}
