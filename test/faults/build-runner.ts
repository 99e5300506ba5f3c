import { join } from 'node:path';
import { build } from 'esbuild';

/** The runner in one file: it is started more than a thousand times, and of many small files half its time goes into loading. */
export const runner = join(import.meta.dirname, '../../.lab/faults/runner.mjs');

export async function setup(): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'runner/runner.mjs')], outfile: runner, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'warning',
    // They load parts of themselves at run time.
    external: ['ssh2', 'node-ssh'],
    // What is not a module yet asks for `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}
