// npm run registry: writes src/operations/registry.ts, the list of the operations, out of the folders that they lie in.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const operations = fileURLToPath(new URL('../src/operations/', import.meta.url));
export const registryFile = join(operations, 'registry.ts');

/** What registry.ts says when each operation is in it: a file exports one as `export const growPool = defineOperation…`. */
export function registryText(): string {
  const found = readdirSync(operations, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const [, name] = /^export const (\w+) = \w+Operation\b/m.exec(readFileSync(join(operations, file), 'utf8')) ?? [];
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

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(registryFile, registryText());
