import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readInventory } from '../../../../src/config/inventory/inventory.ts';
import { nodeConfigIo } from '../../../../src/config/node-io.ts';
import { isObject } from '../../../../src/values/json.ts';
import { randomInventory } from './random-inventories.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-ansible-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

let made = 0;

describe('random inventories are read as the installed Ansible reads them', { tags: ['lab:ansible'] }, () => {
  it('files, directories, group_vars and host_vars', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(randomInventory, async ({ source, files }) => {
        made += 1;
        const root = join(directory, String(made));
        for (const [file, text] of files) {
          mkdirSync(dirname(join(root, file)), { recursive: true });
          writeFileSync(join(root, file), text);
        }
        mkdirSync(join(root, 'playbook'), { recursive: true });
        const theirs = await ofAnsible(root, source);
        fc.pre(theirs !== 'untold');
        const { value, issues } = await readInventory(
          [join(root, source)],
          nodeConfigIo({ HOME: root }),
          {},
          { playbookDirectory: join(root, 'playbook') },
        );
        if (theirs === undefined) {
          expect(issues).not.toEqual([]);
          return;
        }
        expect(issues).toEqual([]);
        const ours = [...(value?.hosts.values() ?? [])].map(({ name, target, groups, vars }) => [
          name,
          {
            address: target.address,
            port: target.port,
            user: target.user,
            become: target.become,
            groups: [...groups].sort(),
            tier: vars['tier'],
          },
        ]);
        expect(Object.fromEntries(ours)).toEqual(theirs);
      }),
      { seed: 20_261_130, numRuns: 12 },
    );
  });
});

const me = nodeConfigIo({}).userName;
const truthy = new Set(['y', 'yes', 'on', '1', 'true', 't', '1.0']);

/**
 * What `ansible-inventory --list` says in our words; undefined where it refuses. Of a host in no group, called like a group,
 * it shows that group only, and nothing of the host, which Ansible has all the same (`ansible all --list-hosts`).
 */
async function ofAnsible(root: string, source: string): Promise<Record<string, unknown> | 'untold' | undefined> {
  const env = {
    PATH: process.env['PATH'],
    HOME: root,
    LC_ALL: 'C.UTF-8',
    ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: 'true',
  };
  const args = ['-i', join(root, source), '--list', '--playbook-dir', join(root, 'playbook')];
  const answer = await promisify(execFile)('ansible-inventory', args, { cwd: root, env, maxBuffer: 1e8 }).catch(
    () => undefined,
  );
  if (answer === undefined) return undefined;
  const listing = JSON.parse(answer.stdout) as Record<string, { hosts?: string[]; children?: string[] }> & {
    _meta: { hostvars: Record<string, Record<string, unknown>> };
  };
  if (listing['ungrouped']?.children !== undefined) return 'untold';
  const groupsOf = new Map<string, Set<string>>();
  const membersOf = (name: string): readonly string[] => [
    ...(listing[name]?.hosts ?? []),
    ...(listing[name]?.children ?? []).flatMap(membersOf),
  ];
  for (const name of Object.keys(listing))
    if (!['_meta', 'all', 'ungrouped'].includes(name))
      for (const host of membersOf(name)) groupsOf.set(host, (groupsOf.get(host) ?? new Set()).add(name));
  const hosts = [...new Set(membersOf('all'))].map((host) => {
    const vars = listing._meta.hostvars[host] ?? {};
    const first = (...names: readonly string[]): unknown =>
      names.map((name) => vars[name]).find((value) => value !== undefined);
    const user = first('ansible_ssh_user', 'ansible_user');
    const become = truthy.has(String(first('ansible_become')).toLowerCase()) && user !== 'root';
    return [
      host,
      {
        address: first('ansible_host') ?? host,
        port: Number(first('ansible_port') ?? 22),
        user: user ?? me,
        become: become ? 'sudo' : 'none',
        groups: [...(groupsOf.get(host) ?? [])].sort(),
        tier: isObject(vars['tier']) ? { ...vars['tier'] } : vars['tier'],
      },
    ];
  });
  return Object.fromEntries(hosts) as Record<string, unknown>;
}
