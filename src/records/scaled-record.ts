import * as z from 'zod';
import type { ScaledInstance } from '../facts/volumes/scaled-set.ts';
import type { JsonObject } from '../values/json.ts';

/** An instance of a scaled volume as it is stored. */
export interface StoredInstance extends ScaledInstance {
  /** The volume's name. */
  readonly volume: string;
  /** Absent when it has no size of its own. */
  readonly sizeBytes?: number;
  /** `user@machine`. */
  readonly who: string;
  /** ISO 8601: when it was claimed. */
  readonly at: string;
}

/**
 * A scaled volume as it is stored: one value for all of its instances, so that of two that claim at the
 * same moment one sees the other. What is given up or removed is taken out, and its number is not used again.
 */
export interface ScaledRecord {
  readonly v: 1;
  readonly kind: 'scaled';
  readonly name: string;
  /** How many the last claim said there may be; absent while none has been made. */
  readonly scale?: number;
  /** The number that no instance has ever had. */
  readonly next: number;
  readonly instances: readonly StoredInstance[];
}

const number = z.number().int().nonnegative();

export const scaledRecord: z.ZodType<ScaledRecord> = z.object({
  v: z.literal(1),
  kind: z.literal('scaled'),
  name: z.string(),
  scale: z.exactOptional(number),
  next: number,
  instances: z.array(
    z.object({
      index: number,
      host: z.string(),
      state: z.enum(['pending', 'current']),
      run: z.string(),
      volume: z.string(),
      sizeBytes: z.exactOptional(number),
      who: z.string(),
      at: z.string(),
    }),
  ),
});

export function noneOf(name: string): ScaledRecord {
  return { v: 1, kind: 'scaled', name, next: 1, instances: [] };
}

/** As what is stored: without types' names, so that it is JSON. */
export function scaledValue(record: ScaledRecord): JsonObject {
  return { ...record, instances: record.instances.map((instance) => ({ ...instance })) };
}
