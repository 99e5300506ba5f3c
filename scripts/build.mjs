// npm run build: the program in few files, of which each command loads what it needs. Of many small ones, finding and
// reading them is half of its start.
import { build } from 'esbuild';
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The texts of all files of shell below src/, in the place of the module that reads them. */
const shellTexts = {
  name: 'shell',
  setup(building) {
    building.onLoad({ filter: /[\\/]src[\\/]shell[\\/]files\.ts$/ }, () => {
      const paths = readdirSync(at('src'), { recursive: true })
        .filter((path) => path.endsWith('.sh'))
        .toSorted();
      const texts = Object.fromEntries(
        paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(at(`src/${path}`), 'utf8')]),
      );
      return {
        contents: `const texts = ${JSON.stringify(texts)};\nexport const textOf = (path) => texts[path];`,
        loader: 'js',
        watchDirs: [at('src')],
      };
    });
  },
};

/** From TypeScript: the program, in parts, and what the fault suite starts in its place, in one file. */
export function bundle(entry, out) {
  return build({
    entryPoints: [entry],
    ...out,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    metafile: true,
    plugins: [shellTexts],
    // What is not read is not compiled; names stay, for the stack of an error.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    // They load parts of themselves at run time.
    external: ['ssh2', 'node-ssh'],
    // What is not a module yet asks for `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
}

/** What has become part of the program, each with the licence that it came with. */
function licences({ metafile: { inputs } }) {
  const found = Object.keys(inputs).flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path) ?? [],
  );
  return [...new Set(found)].toSorted().map((directory) => {
    const { name, version, license } = JSON.parse(readFileSync(at(`${directory}/package.json`), 'utf8'));
    const file = readdirSync(at(directory)).find((each) => /^(licen[cs]e|copying)/i.test(each));
    if (file === undefined && license === undefined) throw new Error(`${directory} has no licence`);
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(at(`${directory}/${file}`), 'utf8').trim()}\n`;
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(at('dist'), { recursive: true, force: true });
  const built = await bundle(at('src/main.ts'), {
    outdir: at('dist'),
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
  });
  writeFileSync(
    at('dist/LICENSES.txt'),
    `plimsoll is made of these too:\n\n${licences(built).join(`\n${'-'.repeat(72)}\n\n`)}`,
  );
  // The package's `bin` must be executable.
  chmodSync(at('dist/main.js'), 0o755);
}
