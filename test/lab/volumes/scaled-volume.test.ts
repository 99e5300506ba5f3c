// lab: 300 s, scaled_volume delete_scaled_volume
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NativeMachine } from '../../../lab/native/machine.ts';
import { spawnNative } from '../../../lab/native/machine.ts';
import type { ScaledRecord } from '../../../src/records/scaled-record.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';
import { EtcdServer } from '../records/etcd-server.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { jsonLines, labFleet } from '../lab-fleet.ts';

/** Five real Docker hosts of two releases, two laptops, and the etcd that these share. */
describe('scaled_volume on five hosts, with its records in etcd', () => {
  let directory: string;
  let etcd: EtcdServer;
  let machines: readonly NativeMachine[];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'plimsoll-scaled-'));
    etcd = await EtcdServer.start();
    machines = await Promise.all(
      (['overlay2-28', 'overlay2-28', 'overlay2-28', 'overlay2-20', 'overlay2-20'] as const).map((kind, index) =>
        spawnNative(kind, { name: `elk-${String(index + 1)}` }),
      ),
    );
    const hosts = machines.map(
      ({ name, port, keyFile, knownHosts }) =>
        `  ${name}: { address: 127.0.0.1, port: ${String(port)}, identity_file: ${keyFile}, known_hosts_file: ${knownHosts}, user: ops }`,
    );
    await writeFile(
      join(directory, 'inventory.yaml'),
      `defaults: { become: true, connect_timeout: 90s, command_timeout: 3m }\nhosts:\n${hosts.join('\n')}\n`,
    );
  });
  afterAll(async () => {
    await Promise.all(machines.map((machine) => machine.stop()));
    await etcd.remove();
    await rm(directory, { recursive: true, force: true });
  });

  const as = (who: string, records: string, ...args: readonly string[]): Promise<Ran> =>
    plimsoll([...args, ...(args[1] === 'list' ? [] : ['-i', join(directory, 'inventory.yaml')])], {
      XDG_STATE_HOME: join(directory, who),
      HOME: directory,
      PLIMSOLL_RECORDS: records,
    });
  const recorded = async (records: string): Promise<readonly string[]> => {
    const { scaled } = JSON.parse((await as('ann', records, 'scaled', 'list', '--output', 'json')).stdout) as {
      readonly scaled: readonly ScaledRecord[];
    };
    return scaled
      .flatMap(({ instances }) =>
        instances.map(({ index, host, volume, state }) => `${host} ${String(index)} ${volume} ${state}`),
      )
      .toSorted();
  };
  const onHosts = async (): Promise<readonly string[]> =>
    (
      await Promise.all(
        machines.map(async ({ name, sh }) =>
          (await sh('docker volume ls -q --filter label=plimsoll.scaled=elk_vol'))
            .split('\n')
            .filter((volume) => volume !== '')
            .map((volume) => `${name} ${volume.slice('elk_vol-'.length)} ${volume} current`),
        ),
      )
    ).flat();
  const machineOf = (line: string): NativeMachine => {
    const found = machines.find(({ name }) => name === line.split(' ')[0]);
    if (found === undefined) throw new Error(`no machine for "${line}"`);
    return found;
  };
  const statuses = (ran: Ran): readonly string[] => Object.values(jsonLines(ran).at(-1)?.['hosts'] ?? {}).map(String);

  /** The container writes to its volume each time that it is started. */
  const run = `docker inspect elk >/dev/null 2>&1 || docker run -d --name elk -v "$1:/data" busybox:lab sh -c 'echo started >>/data/log; trap exit TERM; sleep 1000000 & wait'`;
  async function playbook(scale: number): Promise<string> {
    const file = join(directory, `scale-${String(scale)}.yaml`);
    const steps = [
      { scaled_volume: { name: 'elk_vol', scale, labels: { tier: 'log' } }, register: 'elk' },
      { command: ['sh', '-c', run, 'sh', '${{ elk.instance }}'] },
    ];
    await writeFile(file, JSON.stringify({ name: 'Elk', hosts: 'all', max_failures: '100%', steps }));
    return file;
  }

  it('never has more instances than its scale, whoever is at it, and lowering that removes none', async () => {
    const file = await playbook(3);
    const both = await Promise.all([
      as('ann', etcd.address, 'apply', file, '--yes', '--limit', 'elk-1:elk-4', '--output', 'json'),
      as('bob', etcd.address, 'apply', file, '--yes', '--limit', 'elk-2:elk-3:elk-5', '--output', 'json'),
    ]);
    expect(both.flatMap(statuses).toSorted(), both.map(({ stdout, stderr }) => stdout + stderr).join('')).toEqual([
      'changed',
      'changed',
      'changed',
      'refused',
      'refused',
    ]);
    const there = await onHosts();
    expect(there.map((line) => line.split(' ')[1]).toSorted()).toEqual(['1', '2', '3']);
    expect(await recorded(etcd.address)).toEqual(there.toSorted());

    const lowered = await as('ann', etcd.address, 'apply', await playbook(2), '--yes', '--output', 'json');
    expect([lowered.code, statuses(lowered).filter((status) => status === 'refused').length]).toEqual([4, 2]);
    expect(await onHosts()).toEqual(there);
  });

  it('gives a container that was removed and comes back its own data', async () => {
    const there = await onHosts();
    for (const line of there) expect(await machineOf(line).sh('docker rm -f elk')).toBe('elk\n');
    const again = await as('bob', etcd.address, 'apply', await playbook(3), '--yes', '--output', 'json');
    expect(again.code, again.stdout + again.stderr).toBe(4);
    expect(await onHosts()).toEqual(there);
    for (const line of there)
      expect(
        await machineOf(line).sh(`docker exec elk cat /data/log; docker inspect -f '{{(index .Mounts 0).Name}}' elk`),
      ).toBe(`started\nstarted\n${line.split(' ')[2] ?? ''}\n`);
  });

  it('is written down from the labels as it was, in another place', async () => {
    const records = `file:${join(directory, 'rebuilt')}`;
    const rebuilt = await as('ann', records, 'records', 'rebuild', '--yes');
    expect(rebuilt.code, rebuilt.stdout + rebuilt.stderr).toBe(0);
    expect(await recorded(records)).toEqual(await recorded(etcd.address));
  });

  it('is removed with its data after a preview, but not while a container has it', async () => {
    const [one = '', ...others] = await onHosts();
    await machineOf(one).sh('docker rm -f elk');
    const preview = await as('ann', etcd.address, 'scaled', 'delete', 'elk_vol', '--all', '--dry-run');
    expect(preview.stdout).toContain(`${one.split(' ')[2] ?? ''}: remove it, with all that it holds`);
    expect(await onHosts()).toEqual([one, ...others]);
    const removed = await as('ann', etcd.address, 'scaled', 'delete', 'elk_vol', '--all', '--yes');
    expect(removed.code, removed.stdout + removed.stderr).toBe(4);
    expect(removed.stdout).toContain('is used by elk');
    expect(await onHosts()).toEqual(others);
    expect(await recorded(etcd.address)).toEqual(others.toSorted());
  });
});

describe('scaled_volume with a size, on XFS with project quotas', () => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet(['overlay2-28']);
  });
  afterAll(() => fleet.stop());

  it('makes an instance that holds exactly its size, and there is nothing to do the second time', async () => {
    const [machine] = fleet.machines;
    if (machine === undefined) throw new Error('no machine');
    const file = join(fleet.directory, 'sized.yaml');
    await writeFile(
      file,
      JSON.stringify({ hosts: 'all', steps: [{ scaled_volume: { name: 'elk_vol', scale: 1, size: '20MiB' } }] }),
    );
    const applied = await fleet.run('apply', file, '--yes');
    expect(applied.code, applied.stdout + applied.stderr).toBe(0);
    expect(await machine.sh('df -B1 --output=size /var/lib/docker/volumes/elk_vol-1/_data | tail -n 1')).toMatch(
      /^ *20971520\n$/,
    );
    const full = await machine.exec(
      'docker run --rm -v elk_vol-1:/data busybox:lab dd if=/dev/zero of=/data/file bs=1M count=21',
    );
    expect(full.stderr).toContain('No space left on device');
    const again = await fleet.run('plan', file, '--detailed-exitcode');
    expect(again.code, again.stdout + again.stderr).toBe(0);
    const removed = await fleet.run('scaled', 'delete', 'elk_vol-1', '--yes');
    expect(removed.code, removed.stdout + removed.stderr).toBe(0);
    expect(await machine.sh('docker volume ls -q')).toBe('');
  });
});
