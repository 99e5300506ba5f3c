import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readInventory } from '../../src/config/inventory/inventory.ts';
import { readPlaybook } from '../../src/config/playbook/playbook.ts';
import { operations } from '../../src/operations/registry.ts';
import { laptop, printIssue } from './io.ts';

const root = new URL('../../', import.meta.url);
const io = { ...laptop({}), readFile: (path: string) => readFile(new URL(path, root)) };

describe('what is shipped is valid', () => {
  it('inventory.example.yaml', async () => {
    const { value, issues } = await readInventory(['inventory.example.yaml'], io);
    expect(issues.map(printIssue)).toEqual([]);
    expect(value?.warnings).toEqual([]);
    expect(value?.hosts.size).toBe(47);
    expect(value?.groups.get('production')).toHaveLength(45);
    expect(value?.hosts.get('old-1')?.target.jump?.address).toBe('bastion.example.net');
    expect(value?.hosts.get('cache-3')?.target.address).toBe('10.0.0.13');
  });

  const folder = new URL('playbooks/', root);
  const playbooks = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name))
    : [];
  for (const name of playbooks) {
    it(`playbooks/${name}`, async () => {
      const { issues } = await readPlaybook(`playbooks/${name}`, operations, io);
      expect(issues.map(printIssue)).toEqual([]);
    });
  }
});
