import * as z from 'zod';
import { duration } from '../../engine/input.ts';

/** What every step that replaces containers takes. */

export const gate = z.strictObject({
  seconds: duration.default(10).describe('how long a new container must run without being restarted; 10 s when absent'),
  healthy: z.boolean().default(true).describe('wait for its health check, where it has one'),
});

export const layer = z
  .enum(['refuse', 'discard'])
  .default('refuse')
  .describe(
    'a container that has written to its own layer, outside of its volumes, loses that: refuse it then, or discard what it has written',
  );
