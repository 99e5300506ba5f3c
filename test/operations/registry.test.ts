import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lists } from '../../scripts/registry.ts';
import { operations } from '../../src/operations/registry.ts';
import { operationCases } from './cases.ts';

const root = join(import.meta.dirname, '../..');

it.each([...lists()])('%s has what lies in the folders (npm run registry writes it)', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8')).toBe(text);
});

it('every operation has cases (NAME.cases.ts), in the room that it lies in itself', () => {
  expect(operations.size).toBeGreaterThan(25);
  expect([...operationCases.keys()].toSorted()).toEqual([...operations.keys()].toSorted());
  const [sources, cases] = [...lists().values()].map((text) =>
    [...text.matchAll(/ from '\.\/(.+?\/.+?)(?:\.cases)?\.ts'/g)].flatMap(([, file]) => file ?? []).toSorted(),
  );
  expect(cases).toEqual(sources?.filter((file) => !file.startsWith('engine/')));
});

it('every operation that may change something has faults among its cases', () => {
  const lacking = [...operations.values()].filter(
    ({ name, readOnly }) => readOnly !== true && operationCases.get(name)?.faults.length === 0,
  );
  expect(lacking.map(({ name }) => name)).toEqual([]);
});
