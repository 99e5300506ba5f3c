import { isObject, type Json, type JsonObject } from '../../values/json.ts';

/** What YAML would read as something else than the text that it is. */
const notText =
  /^(?:true|false|null|yes|no|on|off|y|n|~|[-+]?(?:\.?\d[\d.]*(?:e[-+]?\d+)?|\.inf|0x[\da-f]+|0o[0-7]+)|\.nan|---|\.\.\.)$/i;

/** The lines in which a mapping would be written: one for each key, its value behind it. */
export function linesOf(mapping: JsonObject): readonly string[] {
  return Object.entries(mapping).map(
    ([key, value]) => `${keyText(key)}:${value === null ? '' : ` ${valueText(value)}`}`,
  );
}

function keyText(key: string): string {
  return /^[A-Za-z_/][\w./-]*$/.test(key) && !notText.test(key) ? key : JSON.stringify(key);
}

/** Behind a key a text needs no quotes for its commas and brackets. */
function valueText(value: Json): string {
  if (typeof value !== 'string') return flow(value);
  const plain = /^[A-Za-z0-9_/.(][^\p{C}\u0085\u2028\u2029]*$/u.test(value) && !/: |:$| #|^\s|\s$/.test(value);
  return plain && !notText.test(value) && !value.includes('{{') ? value : JSON.stringify(value);
}

/** A value in one line, as it stands within brackets too. */
export function flow(value: Json): string {
  if (typeof value === 'string')
    return /^[A-Za-z0-9_/.+@%-][\w./+@%=-]*(?::[\w./+@%=-]+)*$/.test(value) &&
      !/^-$/.test(value) &&
      !notText.test(value)
      ? value
      : JSON.stringify(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => flow(item)).join(', ')}]`;
  const entries = Object.entries(value).map(([key, inner]: [string, Json]) => `${keyText(key)}: ${flow(inner)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** The value with its texts changed; undefined when one of them cannot be. */
export function mapTexts(value: Json, change: (text: string) => string | undefined): Json | undefined {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => mapTexts(item, change));
    return items.some((item) => item === undefined) ? undefined : items.map((item) => item ?? null);
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, mapTexts(inner, change)] as const);
  return entries.some(([, inner]) => inner === undefined)
    ? undefined
    : Object.fromEntries(entries.map(([key, inner]) => [key, inner ?? null]));
}
