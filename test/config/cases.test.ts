import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../src/config/inventory/inventory.ts';
import { loadPlaybook } from '../../src/config/playbook/playbook.ts';
import { issuesOf, laptop, printIssue } from './io.ts';
import { registry } from './registry.ts';

/** `cases/*​/NAME.yaml` is a file with mistakes, `NAME.txt` beside it everything that is said about it. */
describe.each(['inventory', 'playbook'] as const)('mistakes in an %s', (kind) => {
  const folder = new URL(`cases/${kind}/`, import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

  it('has cases', () => {
    expect(names.length).toBeGreaterThan(10);
  });

  it.each(names)('%s', async (name) => {
    const expected = readFileSync(new URL(name.replace('.yaml', '.txt'), folder), 'utf8');
    const io = laptop({ files: { [name]: readFileSync(new URL(name, folder)) } });
    const issues = await issuesOf(kind === 'inventory' ? loadInventory([name], io) : loadPlaybook(name, registry, io));
    expect(issues.map(printIssue).join('\n')).toBe(expected);
  });
});
