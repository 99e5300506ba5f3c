import type { Json, JsonObject } from '../../../values/json.ts';
import { asObject, canonicalJson } from '../../../values/json.ts';
import { goJson } from './go-template.ts';

/** A literal text, or a template; `is` prints the same of the new container, where that has it at another place. */
export type Piece = string | { readonly template: string; readonly is?: string };

/** What becomes of one key: left out, kept as it is, or made of pieces. */
export type Fate =
  | { readonly kind: 'drop' | 'keep' }
  | { readonly kind: 'set'; readonly pieces: readonly Piece[]; readonly expect?: string };

export const keep: Fate = { kind: 'keep' };
export const drop: Fate = { kind: 'drop' };
export const set = (value: Json, expect = goJson(value)): Fate => ({ kind: 'set', pieces: [goJson(value)], expect });

/** What is in the one and not, or otherwise, in the other. */
export function without(all: Json | undefined, others: Json | undefined): JsonObject {
  const other = asObject(others);
  return Object.fromEntries(
    Object.entries(asObject(all)).filter(
      ([key, value]) => !(key in other) || canonicalJson(other[key]) !== canonicalJson(value),
    ),
  );
}
