import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { registryFile, registryText } from '../../scripts/registry.ts';
import { operations } from '../../src/operations/registry.ts';

it('every operation that lies in src/operations is in the registry (npm run registry writes it)', () => {
  expect(readFileSync(registryFile, 'utf8')).toBe(registryText());
  expect(operations.size).toBeGreaterThan(25);
});
