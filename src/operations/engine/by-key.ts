import type * as z from 'zod';
import type { Operation } from './operation.ts';

/** What a key of a step stands for: an operation, by its name or an older one. */
export interface Keyed {
  readonly operation: Operation;
  /** Of what is written under the key. Its output is an input that the operation's own schema accepts. */
  readonly schema: z.ZodType;
}

/** Every key that a step may have, each older one behind the name that it has now. */
export function byKey(operations: ReadonlyMap<string, Operation>): ReadonlyMap<string, Keyed> {
  return new Map(
    [...operations.values()].flatMap((operation) => {
      const { name, schema, aliases = {} } = operation;
      return Object.entries({ [name]: schema, ...aliases }).map(([key, its]) => [key, { operation, schema: its }]);
    }),
  );
}

/** The names that operations have now, for whoever says what there is. */
export function presentNames(keys: ReadonlyMap<string, Keyed>): readonly string[] {
  return [...new Set([...keys.values()].map(({ operation }) => operation.name))];
}
