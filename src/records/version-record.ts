import * as z from 'zod';
import { jsonObjectSchema } from '../plan/change-schema.ts';
import type { JsonObject } from '../values/json.ts';

/**
 * One version of a volume's or container's specification, as it is stored.
 *
 * `pending`: claimed, and being made. `current`: what there is. `replaced`: by a later one.
 * `abandoned`: claimed, and not made. `undone`: made, and taken back.
 */
export interface VersionRecord {
  readonly v: 1;
  readonly kind: 'volume' | 'container';
  readonly host: string;
  readonly name: string;
  readonly version: number;
  /** Without secrets. */
  readonly spec: JsonObject;
  readonly state: 'pending' | 'current' | 'replaced' | 'abandoned' | 'undone';
  /** The id of the run that made it; empty when it was found on the host. */
  readonly run: string;
  /** `user@machine`. */
  readonly who: string;
  /** ISO 8601: when it was begun. */
  readonly at: string;
  /** The version that was current before it. */
  readonly was?: number;
  /** The name or id of what it replaced. */
  readonly replaces?: string;
}

export const versionRecord: z.ZodType<VersionRecord> = z.object({
  v: z.literal(1),
  kind: z.enum(['volume', 'container']),
  host: z.string(),
  name: z.string(),
  version: z.number().int().nonnegative(),
  spec: jsonObjectSchema,
  state: z.enum(['pending', 'current', 'replaced', 'abandoned', 'undone']),
  run: z.string(),
  who: z.string(),
  at: z.string(),
  was: z.exactOptional(z.number().int().nonnegative()),
  replaces: z.exactOptional(z.string()),
});

/** As what is stored: without a type's name, so that it is JSON. */
export function asValue(record: VersionRecord): JsonObject {
  return { ...record };
}
