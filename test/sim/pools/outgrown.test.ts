import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet, FleetHost } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';

const mib = 1024 ** 2;
/** Somebody has grown c1 by hand; nobody has grown c2. */
const host: HostSpec = {
  name: 'web-1',
  kind: 'dm-xfs',
  pool: { dataBytes: 2048 * mib },
  volumes: [{ name: 'data', files: { one: 'one\n' } }, { name: 'copied' }, { name: 'quiet', files: { two: 'two\n' } }],
  containers: [
    { name: 'c1', bytes: 320 * mib, grownBytes: 512 * mib, running: true, volumes: { data: '/data' } },
    { name: 'c2', bytes: 320 * mib, running: true, volumes: { quiet: '/quiet' } },
  ],
};

const fleets: Fleet[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

interface Started {
  readonly host: FleetHost;
  readonly run: (verb: 'plan' | 'apply', ...steps: readonly object[]) => Promise<Ran>;
}

async function start(): Promise<Started> {
  const fleet = await startFleet([host]);
  fleets.push(fleet);
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  const [only] = fleet.hosts;
  if (only === undefined) throw new Error('the fleet has no host');
  const playbook = join(fleet.directory, 'playbook.yaml');
  return {
    host: only,
    run: async (verb, ...steps) => {
      await writeFile(playbook, JSON.stringify({ hosts: 'web-1', become: true, steps }));
      return plimsoll([verb, playbook, '-i', inventory, ...(verb === 'apply' ? ['--yes'] : [])], {
        XDG_STATE_HOME: join(fleet.directory, 'runs'),
      });
    },
  };
}

const running = async (machine: FleetHost): Promise<string> =>
  (await machine.run("docker ps --format '{{.Names}}' | sort | tr '\\n' ' '")).stdout;
const gate = { gate: { seconds: 0.1 } };
const copy = (from: string): object => ({
  copy_volume: { from: { volume: from }, to: { volume: 'copied' }, stop: true },
});

describe('a container on devicemapper that somebody has grown by hand is not stopped', () => {
  it.each<[string, object]>([
    ['copy_volume', copy('data')],
    ['backup_volume', { backup_volume: { volume: 'data', to: { laptop: 'kept' }, consistency: 'stop' } }],
    ['recreate_container', { recreate_container: { container: 'c1', env: { A: '2' }, ...gate } }],
    [
      'set_storage_driver',
      { set_storage_driver: { driver: 'overlay2', acknowledge_invisible: true, stop_containers: true } },
    ],
    ['grow_pool', { grow_pool: { size: '3GiB', offline: true } }],
  ])('by %s', async (_operation, step) => {
    const { host: machine, run } = await start();
    const applied = await run('apply', step);
    expect(applied.code, applied.stdout).not.toBe(0);
    expect(applied.stdout).toMatch(
      /c1 would not start again once it is stopped: its file system has 512 MiB, and Docker has stored 320\s+MiB of its device/,
    );
    expect(await running(machine)).toBe('c1 c2 ');
    // What is refused is what happens.
    await machine.run('docker stop c1; docker start c1');
    expect(await running(machine)).toBe('c2 ');
  });

  it('is stopped and started again once it is put right; a preview says what that depends on', async () => {
    const { host: machine, run } = await start();
    const repair = { repair_rootfs: { container: 'c1', restart_daemon: true } };
    const planned = await run('plan', repair, copy('data'));
    expect(planned.stdout).toMatch(/as things are now it would be refused: c1 would not start again/);
    const applied = await run('apply', repair, copy('data'));
    expect(applied.code, applied.stdout).toBe(0);
    expect(await running(machine)).toBe('c1 c2 ');
    expect((await machine.run('cat /var/lib/docker/volumes/copied/_data/one')).stdout).toBe('one\n');
  });

  it('what is stored and not read by the daemon yet is not enough: it is refused until the daemon has restarted', async () => {
    const { host: machine, run } = await start();
    const refused = await run(
      'apply',
      { grow_rootfs: { container: 'c1', size: '640MiB', restart_daemon: false } },
      copy('data'),
    );
    expect(refused.code, refused.stdout).not.toBe(0);
    expect(refused.stdout).toMatch(
      /c1 would not start again once it is stopped: its file system has 640 MiB, and the running Docker\s+daemon holds 320 MiB of its device: the 640 MiB that are stored it reads when it starts next/,
    );
    await machine.run('systemctl restart docker');
    const applied = await run('apply', copy('data'));
    expect(applied.code, applied.stdout).toBe(0);
    expect(await running(machine)).toBe('c1 c2 ');
  });

  it('is no concern of a step that stops another one', async () => {
    const { host: machine, run } = await start();
    const applied = await run('apply', copy('quiet'));
    expect(applied.code, applied.stdout).toBe(0);
    expect(await running(machine)).toBe('c1 c2 ');
  });
});
