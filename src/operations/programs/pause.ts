import * as z from 'zod';
import { duration } from '../engine/input.ts';
import { defineOperation } from '../engine/operation.ts';

const schema = z.strictObject({
  seconds: duration.describe('how long'),
  message: z.string().optional().describe('what is waited for, for people'),
});

export const pause = defineOperation<z.infer<typeof schema>>({
  name: 'pause',
  summary: 'Wait for a fixed time',
  schema,
  readOnly: false,
  repeats: true,
  needs: () => [],
  plan: ({ seconds, message }) => ({
    outcome: 'change',
    changes: [
      {
        summary: `wait ${String(seconds)} s${message === undefined ? '' : `: ${message}`}`,
        before: {},
        after: {},
        actions: [{ kind: 'pause', seconds }],
        undo: [],
        atomic: false,
        bindings: {},
      },
    ],
  }),
  touches: () => ({ reads: [], changes: [] }),
});
