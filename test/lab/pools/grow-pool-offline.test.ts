// lab: 900 s, grow_pool
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import { damage, start } from '../runs/durable-runs.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, labFleet, stateOf } from '../lab-fleet.ts';
import { killAllWork } from '../../run/work/records.ts';

const sized = (data: string, metadata: string): readonly string[] => [
  'playbooks/grow-pool-offline.yaml',
  '-e',
  `data=${data}`,
  '-e',
  `metadata=${metadata}`,
];

let fleet: LabFleet;
let machine: Machine;

/** Mode, blocks of metadata and blocks of data, as the kernel says; then what runs, and what is remembered. */
async function state(): Promise<string> {
  const line = (await machine.sh('dmsetup status --noflush | grep thin-pool')).trim();
  const [, metadata, data, mode] = /thin-pool \d+ \d+\/(\d+) \d+\/(\d+) - (\w+) /.exec(line) ?? [];
  return `${[mode, metadata, data].join(' ')}: ${(await machine.sh("docker ps --format '{{.Names}}' | sort | tr '\\n' ' '; ls -A /var/lib/plimsoll/stopped 2>/dev/null || true")).trim()}`;
}

/** The daemon is down, and the file about to be made longer. */
async function held(): Promise<void> {
  await expect.poll(async () => (await machine.exec('[ -e /run/held ]')).code, { interval: 200 }).toBe(0);
  // `failed`: where dockerd took longer to stop than systemd waits.
  expect((await machine.exec('systemctl is-active docker.service docker.socket')).stdout).toMatch(
    /^(?:inactive|failed)\ninactive\n$/,
  );
  expect(await machine.sh('dmsetup ls; losetup -a; ls -A /var/lib/plimsoll/stopped')).toBe('No devices found\npool\n');
}

const hold = (): Promise<string> => machine.sh('rm -f /run/held; : >/run/hold');

beforeAll(async () => {
  fleet = await labFleet(['dm-xfs']);
  const [first] = fleet.machines;
  if (first === undefined) throw new Error('no machine');
  machine = first;
  await machine.sh(`docker run -d --name r1 --restart unless-stopped busybox:lab sh -c 'trap exit TERM; while :; do sleep 1; done'
printf '#!/bin/sh\nwhile [ -e /run/hold ]; do : >/run/held; sleep 0.1; done\nexec /usr/bin/truncate "$@"\n' >/usr/local/sbin/truncate
chmod 755 /usr/local/sbin/truncate`);
});
afterAll(() => fleet.stop());

describe('grow_pool with the daemon stopped', () => {
  it('refuses what would not come back: a container with --rm, a unit that systemd stops together with the daemon; and is previewed without a trace', async () => {
    await machine.sh(
      "docker run -d --rm --name once busybox:lab sleep 1000; printf '[Unit]\nRequires=docker.service\n[Service]\nExecStart=/bin/sleep 1000\n' >/run/systemd/system/app.service; systemctl daemon-reload; systemctl start app",
    );
    const tied = await fleet.run('plan', ...sized('3GiB', '48MiB'));
    expect(tied.code).toBe(4);
    expect(tied.stdout).toMatch(
      /systemd stops app\.service together with docker\.service, and does not start it again with it/,
    );
    await machine.sh('systemctl stop app; rm /run/systemd/system/app.service; systemctl daemon-reload');
    const rm = await fleet.run('plan', ...sized('3GiB', '48MiB'));
    expect(rm.code).toBe(4);
    expect(rm.stdout).toMatch(/once was started with --rm: when it is stopped it is gone/);
    await machine.sh('docker kill once; while docker inspect once >/dev/null 2>&1; do sleep 0.2; done');

    const before = await stateOf(machine);
    const plan = await fleet.run('plan', ...sized('3GiB', '48MiB'), '--detailed-exitcode');
    expect(plan.code, plan.stdout).toBe(10);
    expect(plan.stdout).toMatch(
      /data 2 GiB → 3 GiB, metadata 32 MiB → 48 MiB \(loop files, offline: the Docker daemon and c1, r1 stopped and started again\)/,
    );
    expect(plan.stdout).toMatch(
      /all containers stop until the pool has grown, and so does the Docker daemon: c1, r1; live-restore does not help/,
    );
    expect(await stateOf(machine)).toBe(before);
  });

  it('a pool that something else keeps in use is left as it is, and everything runs again', async () => {
    const name = (await machine.sh("docker inspect -f '{{.GraphDriver.Data.DeviceName}}' c1")).trim();
    await machine.sh(`mount -o nouuid /dev/mapper/${name} /mnt`);
    const apply = await fleet.run('apply', ...sized('3GiB', '48MiB'), '--yes');
    expect(apply.code, apply.stdout).toBe(1);
    expect(apply.stdout).toMatch(
      /stays although the daemon has stopped: something else has a container's file system mounted/,
    );
    expect(await state()).toBe('rw 8192 32768: c1 r1');
    await machine.sh('umount /mnt');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it('data and metadata are grown; the daemon answers, what ran runs with its data, and there is nothing to do the second time', async () => {
    const apply = await fleet.run('apply', ...sized('3GiB', '48MiB'), '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    expect(await state()).toBe('rw 12288 49152: c1 r1');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
    expect(await machine.sh('docker info 2>/dev/null; systemctl is-active docker.socket')).toMatch(
      /Data Space Total: 3\.221GB[^]*Metadata Space Total: 50\.33MB[^]*\nactive\n$/,
    );
    const again = await fleet.run('plan', ...sized('3GiB', '48MiB'), '--detailed-exitcode');
    expect(again.code, again.stdout).toBe(0);
    expect(again.stdout).toMatch(/has 3 GiB of data and 48 MiB of metadata already/);
  });

  it('plimsoll is killed while the daemon is down: the host comes back by itself, and resume says so', async () => {
    await hold();
    const running = start(fleet, 'apply', ...sized('3328MiB', '48MiB'), '--yes');
    await held();
    await running.kill();
    await machine.sh('rm /run/hold');
    await expect
      .poll(async () => (await machine.exec('docker ps -q')).stdout.trim().split('\n').length, { interval: 500 })
      .toBe(2);
    const resumed = await start(fleet, 'resume', '--yes').ended;
    expect(resumed.code, resumed.printed).toBe(0);
    expect(await state()).toBe('rw 12288 53248: c1 r1');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it('the work itself is killed, and with it what would have brought the daemon back: resume completes it', async () => {
    await hold();
    const running = start(fleet, 'apply', ...sized('3584MiB', '48MiB'), '--yes');
    await held();
    await machine.sh(`${killAllWork}; rm /run/hold`);
    const ended = await running.ended;
    expect(ended.code, ended.printed).not.toBe(0);
    expect((await machine.exec('systemctl is-active docker.service')).stdout).toMatch(/^(?:inactive|failed)\n$/);
    const other = await fleet.run('plan', ...sized('5GiB', '48MiB'));
    expect(other.code).toBe(4);
    expect(other.stdout).toMatch(
      /the Docker daemon was stopped to grow \S+ to 3\.5 GiB of data and 48 MiB of metadata, which was cut, and other sizes are asked for now/,
    );
    const resumed = await start(fleet, 'resume', '--yes').ended;
    expect(resumed.code, `${ended.printed}\n----\n${resumed.printed}`).toBe(0);
    expect(resumed.printed).toMatch(
      /go on growing it to 3\.5 GiB of data and 48 MiB of metadata, and start the Docker daemon and c1, r1 again/,
    );
    expect(await state()).toBe('rw 12288 57344: c1 r1');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it('the power fails while the daemon is down: resume completes it, and starts what ran; and that lasts over another power failure', async () => {
    await hold();
    const running = start(fleet, 'apply', ...sized('+512MiB', '150%'), '--yes');
    await held();
    await machine.hardReset();
    const ended = await running.ended;
    expect(ended.code, ended.printed).not.toBe(0);
    expect(await state()).toMatch(/^rw 12288 57344: .*pool$/);
    const resumed = await start(fleet, 'resume', '--yes').ended;
    expect(resumed.code, `${ended.printed}\n----\n${resumed.printed}`).toBe(0);
    expect(await state()).toBe('rw 18432 65536: c1 r1');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
    expect(await damage(machine)).toEqual([]);

    await machine.hardReset();
    await machine.sh('docker start c1 r1');
    expect(await state()).toBe('rw 18432 65536: c1 r1');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it('without live-restore it is the same', async () => {
    await machine.sh(
      'sed -i s/true,/false,/ /etc/docker/daemon.json; systemctl reload docker; until docker info -f {{.LiveRestoreEnabled}} | grep -q false; do sleep 0.2; done',
    );
    const apply = await fleet.run('apply', ...sized('4352MiB', '72MiB'), '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    expect(apply.stdout).not.toMatch(/live-restore does not help/);
    expect(await state()).toBe('rw 18432 69632: c1 r1');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });
});
