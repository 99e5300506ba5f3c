import type { Change } from '../../operations/engine/change.ts';
import type { Planned } from '../../operations/engine/operation.ts';
import type { Json } from '../../values/json.ts';
import { wholeWords } from './whole-words.ts';

/** Puts `<name>` where a value stands that differs from host to host. */
export interface Placeholders {
  text(text: string): string;
  json(value: Json): Json;
}

export const noPlaceholders: Placeholders = { text: (text) => text, json: (value) => value };

/** Placeholders for the bindings of these changes. Values are replaced as whole words, the longest first. */
export function placeholdersOf(changes: readonly Change[]): Placeholders {
  const names = new Map(
    changes
      .flatMap((change) => Object.entries(change.bindings))
      .flatMap(([name, value]) => (value === '' ? [] : [[value, `<${name}>`] as const])),
  );
  if (names.size === 0) return noPlaceholders;
  const text = wholeWords(names);
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number') return names.get(String(value)) ?? value;
    if (typeof value !== 'object' || value === null) return value;
    if (isList(value)) return value.map(json);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, json(inner)]));
  };
  return { text, json };
}

export function changesOf(planned: Planned): readonly Change[] {
  if (planned.outcome === 'change') return planned.changes;
  return planned.outcome === 'maybe' ? planned.provisional : [];
}

/** A value as text, with placeholders in it. */
export function textOf(value: object, names: Placeholders): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' || typeof inner === 'number' ? names.json(inner) : inner,
  );
}

// `Array.isArray` does not narrow a readonly array away.
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
