import { join } from 'node:path';
import { bundle } from '../../scripts/build.mjs';

/** In one file, as the program itself: it is started more than a thousand times. */
export const runner = join(import.meta.dirname, '../../.lab/faults/runner.mjs');

export async function setup(): Promise<void> {
  await bundle(join(import.meta.dirname, 'runner/runner.mjs'), { outfile: runner });
}
