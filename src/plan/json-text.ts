import { type Json, visibleJson } from '../values/json.ts';

/** How wide a list may be that stands on one line. */
const width = 120;

/**
 * JSON for a reviewer: two spaces for each level, a short list of plain values (a command, say) on one
 * line. What would not be seen, or would reorder the line it stands in, is escaped.
 */
export function prettyJson(value: unknown, indent = ''): string {
  const inner = `${indent}  `;
  const block = (open: string, lines: readonly string[], close: string): string =>
    `${open}\n${lines.map((line) => inner + line).join(',\n')}\n${indent}${close}`;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const plain = items.every((item) => typeof item !== 'object' || item === null);
    const line = plain ? `[${items.map(scalar).join(', ')}]` : '';
    return plain && line.length <= width
      ? line
      : block(
          '[',
          items.map((item) => prettyJson(item, inner)),
          ']',
        );
  }
  if (typeof value !== 'object' || value === null) return scalar(value);
  const entries = Object.entries(value);
  return entries.length === 0
    ? '{}'
    : block(
        '{',
        entries.map(([key, item]) => `${visibleJson(key)}: ${prettyJson(item, inner)}`),
        '}',
      );
}

/** What is neither a list nor an object. */
function scalar(value: unknown): string {
  return visibleJson(value as Json);
}

/**
 * What a JSON text does not tell once it is parsed: how deep it is, and how many keys stand in it. A
 * key that stands twice is read as its last value while a reader sees the first one.
 */
export function measureJson(text: string): { readonly depth: number; readonly keys: number } {
  let depth = 0;
  let deepest = 0;
  let keys = 0;
  for (const [token, colon] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[[\]{}]/gs)) {
    if (colon !== undefined) keys += 1;
    else if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return { depth: deepest, keys };
}

export function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce<number>((sum, inner) => sum + countKeys(inner), own);
}
