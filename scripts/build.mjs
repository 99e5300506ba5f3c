// npm run build: the program in one file. Of many small files, finding and reading them is half of its start.
import { build } from 'esbuild';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Into one file, from TypeScript: the program, and what the fault suite starts in its place. */
export function bundle(entry, outfile) {
  return build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    logLevel: 'warning',
    // They load parts of themselves at run time.
    external: ['ssh2', 'node-ssh'],
    // What is not a module yet asks for `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(at('dist'), { recursive: true, force: true });
  await bundle(at('src/main.ts'), at('dist/main.js'));
  // The package's `bin` must be executable.
  chmodSync(at('dist/main.js'), 0o755);
}
