// lab: 700 s, grow_pool
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import { keepActive } from '../../../src/operations/pools/keep-active.ts';
import { commandLine } from '../../../src/values/shell.ts';
import { spoiledPools } from '../../support/spoiled-pools.ts';
import { damage, start } from '../runs/durable-runs.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, labFleet, stateOf } from '../lab-fleet.ts';

const playbook = 'playbooks/grow-pool.yaml';
const sized = (data: string, metadata: string): readonly string[] => [
  playbook,
  '-e',
  `data=${data}`,
  '-e',
  `metadata=${metadata}`,
];

const base = ['playbooks/set-base-size.yaml', '-e', 'target=400MiB'] as const;

function one(fleet: LabFleet): Machine {
  const [machine] = fleet.machines;
  if (machine === undefined) throw new Error('no machine');
  return machine;
}

/** Mode, blocks of metadata and blocks of data, as the kernel says. */
async function pool(machine: Machine): Promise<string> {
  const line = (await machine.sh('dmsetup status --noflush | grep thin-pool')).trim();
  const [, metadata, data, mode] = /thin-pool \d+ \d+\/(\d+) \d+\/(\d+) - (\w+) /.exec(line) ?? [];
  return [mode, metadata, data].join(' ');
}

/** Writes files of random data again and again, with their checksums, until it is told to stop. */
const writer = `n=0
while [ ! -e /data/stop ]; do
  n=$((n + 1)) f=/data/w$((n % 10))
  rm -f $f.sum
  dd if=/dev/urandom of=$f bs=65536 count=8 2>/dev/null && sync && sha256sum $f >$f.sum || echo $n >>/data/failed
  echo $n >/data/count
done
echo over >/data/over`;

const startWriter = (machine: Machine): Promise<string> =>
  machine.sh(
    `docker exec c1 rm -f /data/stop /data/over /data/failed && docker exec -d c1 sh -c ${commandLine([writer])}`,
  );
const writes = async (machine: Machine): Promise<number> =>
  Number((await machine.exec('docker exec c1 cat /data/count')).stdout.trim());

/** Stops it; what has gone wrong with its writes. */
async function wrongWrites(machine: Machine): Promise<string> {
  await machine.sh('docker exec c1 touch /data/stop');
  await expect.poll(async () => (await machine.exec('docker exec c1 cat /data/over')).code, { interval: 500 }).toBe(0);
  return machine.sh(
    'docker exec c1 sh -c "cat /data/failed 2>/dev/null; for s in /data/w*.sum; do sha256sum -c \\$s >/dev/null 2>&1 || echo \\$s differs; done; true"',
  );
}

describe('grow_pool on loop files', () => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet(['dm-xfs']);
  });
  afterAll(() => fleet.stop());

  it('refuses more than the real disk has, and less than now; and is previewed without a trace', async () => {
    const machine = one(fleet);
    const before = await stateOf(machine);
    const more = await fleet.run('plan', ...sized('100GiB', '32MiB'));
    expect(more.code).toBe(4);
    expect(more.stdout).toMatch(/free, less than the growth of 98 GiB and a margin of/);
    const less = await fleet.run('plan', ...sized('1GiB', '32MiB'));
    expect(less.code).toBe(4);
    expect(less.stdout).toMatch(/data is 2 GiB now, more than the 1 GiB wanted: a pool cannot be made smaller/);
    const plan = await fleet.run('plan', ...sized('+1GiB', '48MiB'), '--detailed-exitcode');
    expect(plan.code, plan.stdout).toBe(10);
    expect(plan.stdout).toMatch(/dataBytes: 2 GiB → 3 GiB/);
    expect(plan.stdout).toMatch(/metadataBytes: 32 MiB → 48 MiB/);
    expect(await stateOf(machine)).toBe(before);
  });

  it('a full pool that blocks a writer is grown, and the writer goes on', async () => {
    const machine = one(fleet);
    // Nearly all of the pool for somebody else; what is full waits for ever instead of failing after a minute.
    await machine.sh(`echo 0 >/sys/module/dm_thin_pool/parameters/no_space_timeout
P=$(dmsetup ls | cut -f1 | grep -e -pool$)
dmsetup message $P 0 'create_thin 900' && dmsetup create filler --table "0 3788800 thin 253:0 900"
dd if=/dev/zero of=/dev/mapper/filler bs=1M oflag=direct count=1850 2>/dev/null || [ $? = 1 ]`);
    await machine.sh(
      `docker exec -d c1 sh -c "dd if=/dev/zero bs=65536 count=2880 2>/dev/null | tr '\\\\0' x >/data/fill && sync && echo whole >/data/filled"`,
    );
    await expect.poll(() => pool(machine), { interval: 1000 }).toMatch(/^out_of_data_space/);
    expect((await machine.exec('docker exec c1 cat /data/filled')).code).not.toBe(0);

    const apply = await fleet.run('apply', ...sized('2560MiB', '32MiB'), '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    await expect
      .poll(async () => (await machine.exec('docker exec c1 cat /data/filled')).stdout.trim(), { interval: 1000 })
      .toBe('whole');
    expect(await pool(machine)).toBe('rw 8192 40960');
    const [is, wanted] = (
      await machine.sh(
        `docker exec c1 sha256sum /data/fill | cut -d' ' -f1; dd if=/dev/zero bs=65536 count=2880 2>/dev/null | tr '\\0' x | sha256sum | cut -d' ' -f1`,
      )
    )
      .trim()
      .split('\n');
    expect(is).toBe(wanted);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
    await machine.sh(
      "docker exec c1 rm /data/fill; dmsetup remove --retry filler; dmsetup message $(dmsetup ls | cut -f1 | grep -e -pool$) 0 'delete 900'",
    );
  });

  it('data and metadata are grown while a container writes: no write fails, the data is whole, and there is nothing to do the second time', async () => {
    const machine = one(fleet);
    await startWriter(machine);
    await expect.poll(() => writes(machine), { interval: 300 }).toBeGreaterThan(2);
    const before = await writes(machine);
    const apply = await fleet.run('apply', ...sized('3GiB', '48MiB'), '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    expect(await pool(machine)).toBe('rw 12288 49152');
    await expect.poll(() => writes(machine), { interval: 300 }).toBeGreaterThan(before + 2);
    expect(await wrongWrites(machine)).toBe('');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
    expect(await machine.sh('docker info 2>/dev/null')).toMatch(
      /Data Space Total: 3\.221GB[^]*Metadata Space Total: 50\.33MB/,
    );
    const again = await fleet.run('plan', ...sized('3GiB', '48MiB'), '--detailed-exitcode');
    expect(again.code, again.stdout).toBe(0);
    expect(again.stdout).toMatch(/has 3 GiB of data and 48 MiB of metadata already/);
  });

  it('it lasts: over a restart of the daemon, and where the pool itself is made again', async () => {
    const machine = one(fleet);
    await machine.sh('systemctl reset-failed docker docker.socket; systemctl restart docker');
    expect(await pool(machine)).toBe('rw 12288 49152');
    await machine.sh(
      'docker stop -t 0 c1; systemctl stop docker.socket docker; ! dmsetup ls | grep -q -e -pool; systemctl start docker; docker start c1',
    );
    expect(await pool(machine)).toBe('rw 12288 49152');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
    expect((await fleet.run('plan', ...sized('3GiB', '48MiB'), '--detailed-exitcode')).code).toBe(0);
  });

  it('set_base_size grows the base device with the containers running; and goes back when the daemon does not start with it', async () => {
    const machine = one(fleet);
    const before = await machine.sh('cat /etc/docker/daemon.json');
    const running = await machine.sh("docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' c1");
    // A daemon that does not start with the new file, for whatever reason.
    await machine.sh(
      'mkdir -p /run/systemd/system/docker.service.d; printf \'[Service]\nExecStartPre=/bin/sh -c "! grep -q 419430400 /etc/docker/daemon.json"\n\' >/run/systemd/system/docker.service.d/lab.conf; systemctl daemon-reload',
    );
    const failed = await fleet.run('apply', ...base, '--yes');
    expect(failed.code, failed.stdout).toBe(1);
    expect(failed.stdout).toMatch(/the daemon does not start with it/);
    expect(await machine.sh('cat /etc/docker/daemon.json; docker ps -q | wc -l')).toBe(`${before}1\n`);
    await machine.sh('rm -r /run/systemd/system/docker.service.d; systemctl daemon-reload');

    const applied = await fleet.run('apply', ...base, '--yes');
    expect(applied.code, applied.stdout).toBe(0);
    expect(await machine.sh('docker info 2>/dev/null')).toMatch(/Base Device Size: 419\.4MB/);
    expect(await machine.sh('cat /etc/docker/daemon.json')).toBe(
      before.replace('dm.basesize=320M', 'dm.basesize=419430400'),
    );
    expect(await machine.sh("docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' c1")).toBe(running);
    const again = await fleet.run('plan', ...base, '--detailed-exitcode');
    expect(again.code, again.stdout).toBe(0);
    expect(again.stdout).toMatch(/the base size is 400 MiB already/);
    const less = await fleet.run('plan', 'playbooks/set-base-size.yaml', '-e', 'target=320MiB');
    expect(less.code).toBe(4);
  });

  it.each(spoiledPools)('a pool is brought back from $name, and the container goes on', async ({ script, spoiled }) => {
    const machine = one(fleet);
    const name = (await machine.sh('dmsetup ls | cut -f1 | grep -e -pool$')).trim();
    const table = (await machine.sh(`dmsetup table ${name}`)).trim();
    const state = await machine.sh(`P=${name}; T='${table}'\n${script}\ndmsetup info $P | grep -E 'State|Tables'`);
    expect(state.replaceAll(/ +/g, ' ')).toContain(spoiled);
    const back = await machine.exec(commandLine(keepActive(name, table, table.replace(/^0 \d+/, '0 8388608'))));
    expect(back.code, back.stderr).toBe(0);
    expect(
      (await machine.sh(`dmsetup info ${name} | grep -E 'State|Tables'; dmsetup table ${name}`))
        .replaceAll(/ +/g, ' ')
        .trim(),
    ).toBe(`State: ACTIVE\nTables present: LIVE\n${table}`);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it.each([
    ['plimsoll is killed', 3328, '3328MiB'],
    ['sshd ends the sessions', 3584, '3584MiB'],
  ])('%s in the middle of it: the pool is active, and the run is gone on with', async (what, mebibytes, size) => {
    const machine = one(fleet);
    await startWriter(machine);
    const works = (await machine.sh('ls -d /var/lib/plimsoll/runs/*/*.script | wc -l')).trim();
    const running = start(fleet, 'apply', ...sized(size, '48MiB'), '--yes');
    await expect
      .poll(async () => (await machine.sh('ls -d /var/lib/plimsoll/runs/*/*.script | wc -l')).trim(), { interval: 50 })
      .not.toBe(works);
    if (what === 'plimsoll is killed') await running.kill();
    else await machine.exec("pkill -KILL -f '^sshd: ops'");
    const ended = await running.ended;
    expect(ended.code, ended.printed).not.toBe(7);
    if (ended.code !== 0) {
      const resumed = await start(fleet, 'resume', '--yes').ended;
      expect(resumed.code, `${ended.printed}\n----\n${resumed.printed}`).toBe(0);
    }
    expect(await damage(machine)).toEqual([]);
    expect(await pool(machine)).toBe(`rw 12288 ${String(mebibytes * 16)}`);
    expect(await wrongWrites(machine)).toBe('');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });
});

describe('grow_pool on LVM', () => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet(['dm-lvm']);
  });
  afterAll(() => fleet.stop());

  it('refuses more than the volume group has', async () => {
    const more = await fleet.run('plan', ...sized('4GiB', '32MiB'));
    expect(more.code).toBe(4);
    expect(more.stdout).toMatch(/the volume group docker has 1\.4 GiB free, less than the/);
  });

  it('data and metadata are grown while a container writes, and it lasts', async () => {
    const machine = one(fleet);
    await startWriter(machine);
    await expect.poll(() => writes(machine), { interval: 300 }).toBeGreaterThan(2);
    const apply = await fleet.run('apply', ...sized('2GiB', '32MiB'), '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    expect(apply.stdout).toMatch(/autoextend is off/);
    expect(await pool(machine)).toBe('rw 8192 4096');
    expect(
      (await machine.sh('lvs --noheadings --units m --nosuffix -o lv_size,lv_metadata_size docker/thinpool'))
        .trim()
        .split(/\s+/),
    ).toEqual(['2048.00', '32.00']);
    expect(await wrongWrites(machine)).toBe('');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
    expect((await fleet.run('plan', ...sized('2GiB', '32MiB'), '--detailed-exitcode')).code).toBe(0);
    await machine.sh(
      'systemctl reset-failed docker docker.socket; systemctl restart docker && docker stop -t 0 c1 && docker start c1',
    );
    expect(await pool(machine)).toBe('rw 8192 4096');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });
});
