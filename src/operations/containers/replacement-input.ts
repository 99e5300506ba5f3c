import * as z from 'zod';
import { duration } from '../input.ts';

/** What every step that replaces containers takes. */

export const gate = z.strictObject({
  seconds: duration.default(10).describe('how long a new container must run without being restarted'),
  healthy: z.boolean().default(true).describe('wait for its health check, where it has one'),
});

export const layer = z.enum(['refuse', 'discard']).default('refuse').describe('what a container has written to its own layer is lost: refuse it then, or discard that');
