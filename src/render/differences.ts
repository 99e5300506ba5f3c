const shownDifferences = 20;

/** A message that lists differences: what stands before them, and each on its own. */
export interface Listed {
  readonly heading: string;
  readonly items: readonly string[];
}

/**
 * Differences separated by line feeds or by semicolons (those in quotes belong to a value), of which the
 * first follows a heading and a colon. A message with fewer than two is its own heading.
 */
export function listed(message: string): Listed {
  const [first = '', ...others] = message
    .split('\n')
    .flatMap(partsOf)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (others.length === 0) return { heading: message.trim(), items: [] };
  const colon = first.endsWith(':') ? -1 : first.indexOf(': ');
  const items = colon === -1 ? others : [first.slice(colon + 2), ...others];
  const left = items.length - shownDifferences;
  return {
    heading: colon === -1 ? first : first.slice(0, colon + 1),
    items: left > 0 ? [...items.slice(0, shownDifferences), `… and ${String(left)} more`] : items,
  };
}

/** Values are shown as JSON, so quotes come in pairs; a text in which they do not is split everywhere. */
function partsOf(line: string): readonly string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let start = 0;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at];
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && line.startsWith('; ', at)) {
      parts.push(line.slice(start, at));
      start = at + 2;
    }
  }
  return isQuoted ? line.split('; ') : [...parts, line.slice(start)];
}
