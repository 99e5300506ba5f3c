import * as z from 'zod';
import { duration } from '../engine/input.ts';
import { defineOperation } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';

const schema = z.strictObject({
  seconds: duration.describe('how long'),
  message: z.string().optional().describe('what is waited for, for people'),
});

export const pause = defineOperation({
  name: 'pause',
  summary: 'Wait for a fixed time',
  schema,
  readOnly: false,
  repeats: true,
  read: () => together(),
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
