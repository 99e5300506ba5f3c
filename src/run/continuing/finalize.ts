import * as z from 'zod';
import { defineOperation, type Operation } from '../../operations/engine/operation.ts';
import type { Reading } from '../../operations/engine/reading.ts';
import { changeSchema } from '../../plan/change-schema.ts';

const schema = z.strictObject({ step: z.string(), number: z.number(), change: changeSchema });
export type FinalizeWant = z.infer<typeof schema>;

/** Removes what was kept so that a change could be undone. */
export function finalizeOperation(): Operation<FinalizeWant> {
  return defineOperation({
    name: 'finalize',
    summary: 'Remove what was kept so that a change could be undone',
    schema,
    readOnly: false,
    repeats: true,
    *read(): Reading<null> {
      return null;
    },
    plan({ change }) {
      const actions = change.finalize ?? [];
      if (actions.length === 0) return { outcome: 'noop', reason: 'nothing was kept for it' };
      return {
        outcome: 'change',
        changes: [
          {
            summary: `what undoes ${change.summary}`,
            before: {},
            after: {},
            actions,
            undo: 'irreversible',
            atomic: false,
            bindings: change.bindings,
          },
        ],
      };
    },
    touches: () => ({ reads: [], changes: ['*'] }),
  });
}
