import * as z from 'zod';
import { refuse } from '../../values/refusal.ts';
import { defineOperation } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';

const truth = z.boolean({ error: 'must be true or false: write "${{ … }}" around an expression' });

const schema = z.strictObject({
  that: z
    .union([truth, z.array(truth).min(1)], {
      error: 'must be true or false, or a list of these: write "${{ … }}" around each expression',
    })
    .describe('an expression, or a list of them, each written as "${{ … }}": all must be true'),
  message: z.string().optional().describe('why it matters, shown when it does not hold'),
});

export const assert = defineOperation({
  name: 'assert',
  summary: 'Stop the host unless every expression is true',
  schema,
  readOnly: true,
  repeats: false,
  read: () => together(),
  plan({ that, message }) {
    const all = typeof that === 'boolean' ? [that] : that;
    const failed = all.flatMap((holds, index) => (holds ? [] : [index + 1]));
    if (failed.length === 0)
      return { outcome: 'noop', reason: all.length === 1 ? 'it holds' : `all ${String(all.length)} hold` };
    const which =
      all.length === 1
        ? 'the assertion does not hold'
        : `of ${String(all.length)} assertions, number ${failed.join(', ')} does not hold`;
    return refuse(
      message === undefined ? which : `${message} (${which})`,
      'bring the host into the state that the playbook asks for, or change the assertion',
    );
  },
  touches: () => ({ reads: [], changes: [] }),
});
