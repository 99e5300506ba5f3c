import { escapeInvisible } from './terminal.ts';

/** A value that can be written as JSON and read back as the same value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A JSON value type that also accepts interfaces (which have no index signature). */
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text; empty where it is something else. */
export function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The object; empty where it is something else. */
export function asObject(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** The value; undefined where the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Canonical JSON: keys sorted at every level, so that equal values are equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

/** JSON on one line that is looked at too: what would not be seen in it, or would reorder the line, is escaped. It is read back as the same value. */
export function visibleJson(value: Json | object): string {
  return escapeInvisible(JSON.stringify(value), (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
