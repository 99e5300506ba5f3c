import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openShell } from '../../../lab/sim/client.ts';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import { plimsoll } from '../../support/plimsoll.ts';

const gib = 1024 ** 3;
const fleets: Fleet[] = [];

async function start(...specs: readonly HostSpec[]): Promise<Fleet> {
  const fleet = await startFleet(specs);
  fleets.push(fleet);
  return fleet;
}

afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

const finished = z.object({
  type: z.literal('run.finished'),
  hosts: z.record(z.string(), z.string()),
  exitCode: z.number(),
});

/** Applies a playbook of the repository with the program's source, and gives what became of each host. */
async function apply(
  fleet: Fleet,
  playbook: string,
  ...more: readonly string[]
): Promise<{
  readonly code: number | null;
  readonly hosts: Readonly<Record<string, string>>;
  readonly stdout: string;
}> {
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  const { code, stdout, stderr } = await plimsoll(
    ['apply', `playbooks/${playbook}`, '-i', inventory, '--yes', '--output', 'json', ...more],
    { XDG_STATE_HOME: join(fleet.directory, 'runs') },
  );
  process.stderr.write(stderr);
  const last = finished.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  expect(last.exitCode).toBe(code);
  return { code, hosts: last.hosts, stdout };
}

async function ask(fleet: Fleet, name: string, script: string): Promise<string> {
  const host = fleet.hosts.find((each) => each.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  const shell = await openShell(fleet, host);
  try {
    return (await shell.run(script)).stdout;
  } finally {
    shell.end();
  }
}

const sizeOf = (container: string): string =>
  `df -B1 --output=size "/proc/$(docker inspect --type container --format '{{.State.Pid}}' ${container})/root/" | tail -n 1`;
const app = { name: 'app-1', bytes: 10 * gib };

describe('the program and a simulated fleet', () => {
  it('grows what can be grown, for good, and finds nothing to do the second time', async () => {
    const fleet = await start(
      { name: 'xfs', kind: 'dm-xfs', containers: [app] },
      { name: 'ext4', kind: 'dm-ext4', sudo: 'nopasswd', containers: [app] },
      { name: 'lvm', kind: 'dm-lvm', sudo: { password: 'correct horse' }, containers: [app] },
      { name: 'quota', kind: 'overlay2-pquota', containers: [app] },
      { name: 'quota-28', kind: 'overlay2-pquota', docker: '28.5', containers: [app] },
      { name: 'no-quota', kind: 'overlay2-plain', containers: [app] },
      { name: 'full', kind: 'dm-xfs', containers: [app], pool: { dataBytes: 100 * gib, usedPercent: 95 } },
      { name: 'image-store', kind: 'containerd', containers: [app] },
      { name: 'no-docker', kind: 'no-docker' },
    );
    const left = { 'no-quota': 'refused', full: 'refused', 'image-store': 'refused' };
    const first = await apply(fleet, 'grow-rootfs.yaml', '-e', 'target=20GiB');
    expect(first.hosts).toMatchObject({
      xfs: 'changed',
      ext4: 'changed',
      lvm: 'changed',
      quota: 'changed',
      'quota-28': 'changed',
      ...left,
    });
    expect(first.code).not.toBe(0);
    const second = await apply(fleet, 'grow-rootfs.yaml', '-e', 'target=20GiB');
    expect(second.hosts).toMatchObject({ xfs: 'ok', ext4: 'ok', lvm: 'ok', quota: 'ok', 'quota-28': 'ok', ...left });
    for (const name of ['xfs', 'ext4', 'lvm', 'quota', 'quota-28']) {
      const size = await ask(
        fleet,
        name,
        `docker stop -t 0 app-1 >/dev/null; docker start app-1 >/dev/null; ${sizeOf('app-1')}`,
      );
      expect(Number(size), name).toBeGreaterThan(19 * gib);
    }
  });

  it('brings back a container that a resize by hand has broken, and makes the size of one that still runs last', async () => {
    const fleet = await start(
      { name: 'down', kind: 'dm-xfs', containers: [{ ...app, grownBytes: 20 * gib, running: false }] },
      { name: 'still-up', kind: 'dm-ext4', containers: [{ ...app, grownBytes: 20 * gib }] },
      { name: 'sound', kind: 'dm-xfs', containers: [app] },
    );
    expect(await ask(fleet, 'down', 'docker start app-1 2>&1; dmsetup remove "$(ls /dev/mapper)"')).toContain(
      'Failed to mount',
    );
    const { code, hosts } = await apply(fleet, 'repair-rootfs.yaml', '-e', 'restart_daemon=true');
    expect(hosts).toEqual({ down: 'changed', 'still-up': 'changed', sound: 'ok' });
    expect(code).toBe(0);
    for (const name of ['down', 'still-up']) {
      expect(Number(await ask(fleet, name, sizeOf('app-1'))), name).toBeGreaterThan(19 * gib);
      expect(
        Number(
          await ask(
            fleet,
            name,
            `docker stop -t 0 app-1 >/dev/null; docker start app-1 >/dev/null; ${sizeOf('app-1')}`,
          ),
        ),
        name,
      ).toBeGreaterThan(19 * gib);
    }
  });

  it('leaves nothing loaded, mounted or lying about when a tool fails in the middle', async () => {
    const fleet = await start(
      {
        name: 'load',
        kind: 'dm-xfs',
        containers: [app],
        faults: [{ tool: 'dmsetup', when: 'load *', action: 'fail', argument: 1 }],
      },
      {
        name: 'grow',
        kind: 'dm-xfs',
        containers: [app],
        faults: [{ tool: 'xfs_growfs', action: 'fail', argument: 1 }],
      },
    );
    const { code, hosts } = await apply(fleet, 'grow-rootfs.yaml', '-e', 'target=20GiB', '-e', 'restart_daemon=false');
    expect([code, hosts['load']]).toEqual([1, 'failed']);
    for (const host of fleet.hosts) {
      await host.setFaults([]);
      expect(
        await ask(fleet, host.name, 'dmsetup table --inactive | grep thin; grep plimsoll /proc/self/mountinfo'),
      ).toBe('');
      expect(
        await readdir(join(host.directory, 'root/var/lib/docker/devicemapper/metadata')).then((names) =>
          names.filter((name) => name.startsWith('.')),
        ),
      ).toEqual([]);
    }
    expect((await apply(fleet, 'grow-rootfs.yaml', '-e', 'target=20GiB')).hosts).toEqual({
      load: 'changed',
      grow: 'changed',
    });
  });
});
