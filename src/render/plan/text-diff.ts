/**
 * What changes between two small texts, as `- old` and `+ new` lines: the lines that both begin and end
 * with are left out. Enough for configuration files and one-line JSON; no minimal edit script is looked for.
 */
export function textDiff(before: string, after: string): readonly string[] {
  // Whether the last line is ended is a difference too, and only then worth saying.
  const marked = before !== '' && after !== '' && before.endsWith('\n') !== after.endsWith('\n');
  const old = lines(before, marked);
  const fresh = lines(after, marked);
  const shortest = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < shortest && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < shortest - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  return [
    ...old.slice(start, old.length - end).map((text) => `- ${text}`),
    ...fresh.slice(start, fresh.length - end).map((text) => `+ ${text}`),
  ];
}

function lines(text: string, marked: boolean): readonly string[] {
  const parts = text.split('\n');
  if (parts.at(-1) === '') return parts.slice(0, -1);
  return [...parts.slice(0, -1), `${parts.at(-1) ?? ''}${marked ? ' (no line feed at the end)' : ''}`];
}
