import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listHosts } from '../../../../src/config/inventory/select.ts';
import { readInventory } from '../../../../src/config/inventory/inventory.ts';
import { nodeConfigIo } from '../../../../src/config/node-io.ts';
import { sharedInventories } from '../../../support/needs.ts';

interface Expected {
  readonly refused?: string;
  readonly hosts?: Readonly<
    Record<
      string,
      {
        readonly address: string;
        readonly port: number;
        readonly user: string | null;
        readonly become: boolean;
        readonly groups: readonly string[];
      }
    >
  >;
}

/** Where refusing is right, and what the message has to name. */
const refused: Readonly<Record<string, RegExp>> = {
  '13-list-of-providers': /Ansible/,
  '16-script': /program \(an inventory script\).*ansible-inventory -i .* --list > 16-script\.json/,
  '24-typo-child': /"wbe"/,
};

describe('inventories of others are read as ansible-inventory reads them', { tags: ['shared:inventories'] }, () => {
  const names = existsSync(sharedInventories)
    ? readdirSync(sharedInventories).flatMap((name) => /^(.*)\.expect\.json$/.exec(name)?.[1] ?? [])
    : [];

  it.each(names.length === 0 ? ['none'] : names)('%s', async (name) => {
    const expected = JSON.parse(readFileSync(join(sharedInventories, `${name}.expect.json`), 'utf8')) as Expected;
    const { value, issues } = await readInventory([fileOf(name)], nodeConfigIo({ HOME: '/nowhere' }));
    const why = refused[name];
    if (why !== undefined) {
      expect(issues.map(({ message }) => message).join('\n')).toMatch(why);
      return;
    }
    expect(issues).toEqual([]);
    const hosts = value === undefined ? [] : listHosts(value, 'all');
    expect(
      Object.fromEntries(
        hosts.map(({ name: host, target, groups }) => [
          host,
          { address: target.address, port: target.port, become: target.become, groups: [...groups].sort() },
        ]),
      ),
    ).toEqual(
      Object.fromEntries(
        Object.entries(expected.hosts ?? {}).map(([host, { address, port, user, become, groups }]) => [
          host,
          { address, port, become: become && user !== 'root' ? 'sudo' : 'none', groups },
        ]),
      ),
    );
    for (const { name: host, target } of hosts) {
      const user = expected.hosts?.[host]?.user;
      if (user !== null) expect([host, target.user]).toEqual([host, user]);
    }
  });
});

function fileOf(name: string): string {
  const path = ['', '.ini', '.yaml', '.py'].map((end) => join(sharedInventories, name + end)).find(existsSync) ?? name;
  if (!statSync(path).isDirectory()) return path;
  return ['inventory', 'hosts'].map((inner) => join(path, inner)).find(existsSync) ?? path;
}
