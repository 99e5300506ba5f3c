// npm run registry: writes the lists of the operations and of their cases, out of the folders that they lie in.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

/** By its path, what the folders make of each list. */
export function lists(): ReadonlyMap<string, string> {
  return new Map([
    ['src/operations/registry.ts', registryText()],
    ['test/operations/cases.ts', casesText()],
  ]);
}

/** When each operation is in it: a file exports one as `export const growPool = defineOperation…`. */
function registryText(): string {
  const found = filesBelow('src/operations', '.ts')
    .flatMap((file) => {
      const text = readFileSync(join(root, 'src/operations', file), 'utf8');
      const [, name] = /^export const (\w+) = \w+Operation\b/m.exec(text) ?? [];
      return name === undefined ? [] : [{ name, file }];
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return `// Written by npm run registry.
${found.map(({ name, file }) => `import { ${name} } from './${file}';`).join('\n')}
import { eraseWant } from './engine/erase.ts';
import type { Operation } from './engine/operation.ts';

const list: readonly Operation[] = [
${found.map(({ name }) => `  eraseWant(${name}),`).join('\n')}
];

/** Every operation that a step can use, by its key in a playbook. */
export const operations: ReadonlyMap<string, Operation> = new Map(list.map((operation) => [operation.name, operation]));
`;
}

/** When the cases of each operation are in it: those of grow_pool are exported by grow-pool.cases.ts. */
function casesText(): string {
  const ending = '.cases.ts';
  const found = filesBelow('test/operations', ending)
    .map((file) => ({ name: basename(file, ending).replaceAll('-', '_'), file }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return `// Written by npm run registry.
${found.map(({ name, file }) => `import { cases as ${name} } from './${file}';`).join('\n')}
import type { OperationCases } from './operation-cases.ts';

/** What the suites that try every operation know of each, by its key in a playbook. */
export const operationCases: ReadonlyMap<string, OperationCases> = new Map(
  Object.entries({
${found.map(({ name }) => `    ${name},`).join('\n')}
  }),
);
`;
}

function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of lists()) writeFileSync(join(root, path), text);
}
