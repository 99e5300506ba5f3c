// lab: 700 s, set_storage_driver set_base_size
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import { daemonConfig } from '../../../src/facts/daemon/daemon-config.ts';
import { storageDrivers } from '../../../src/facts/daemon/storage-drivers.ts';
import { commandLine } from '../../../src/values/shell.ts';
import { damage, runIds, start } from '../runs/durable-runs.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, labFleet, stateOf } from '../lab-fleet.ts';

const playbook = ['playbooks/set-storage-driver.yaml'] as const;
const apply = ['apply', ...playbook, '-e', 'acknowledge=true', '--yes'] as const;

function one(fleet: LabFleet): Machine {
  const [machine] = fleet.machines;
  if (machine === undefined) throw new Error('no machine');
  return machine;
}

const driver = async (machine: Machine): Promise<string> =>
  (await machine.sh("docker info --format '{{.Driver}}' 2>/dev/null")).trim();
const config = (machine: Machine): Promise<string> => machine.sh('cat /etc/docker/daemon.json');
const runningNames = (machine: Machine): Promise<string> =>
  machine.sh("docker ps --format '{{.Names}}' | sort | tr '\\n' ' '");

describe('set_storage_driver on a machine with devicemapper', () => {
  let fleet: LabFleet;
  let old: string;
  beforeAll(async () => {
    fleet = await labFleet(['dm-xfs']);
    const machine = one(fleet);
    await machine.sh(
      'docker volume create kept && docker create --name keeper -v kept:/data busybox:lab true && docker run --rm -v kept:/data busybox:lab sh -c "echo precious >/data/file"',
    );
    old = await config(machine);
  });
  afterAll(() => fleet.stop());

  it('refuses without consent, and says what would become invisible; nothing is touched', async () => {
    const machine = one(fleet);
    const before = await stateOf(machine);
    const refused = await fleet.run('plan', ...playbook);
    expect(refused.code, refused.stdout).toBe(4);
    const text = refused.stdout.replaceAll(/\s+/g, ' ');
    expect(text).toMatch(/1 container runs \(c1\), and would have to be stopped/);
    expect(text).toMatch(/Docker would not see 2 containers \(c1, keeper\) and 1 image of devicemapper any more/);
    expect(text).toMatch(/acknowledge_invisible: true/);
    expect(await stateOf(machine)).toEqual(before);
  });

  it("knows by Docker's own records which volumes belong to whom", async () => {
    const read = await one(fleet).exec(
      commandLine(['/bin/sh', '-c', storageDrivers.script, 'sh', '/var/lib/docker', '']),
    );
    const found = storageDrivers.parse({ status: read.code ?? 1, stdout: read.stdout, stderr: read.stderr }, []);
    expect(found).toMatchObject({ fileSystem: 'ext2/ext3', overlay: true, images: { devicemapper: 1 } });
    expect(
      found.containers
        .map(({ name, driver: of, volumes }) => ({ name, of, volumes }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ).toEqual([
      { name: 'c1', of: 'devicemapper', volumes: expect.any(Array) },
      { name: 'keeper', of: 'devicemapper', volumes: ['kept'] },
    ]);
  });

  it('goes back by itself when the daemon does not start with the new driver', async () => {
    const machine = one(fleet);
    await machine.sh(
      'mkdir -p /run/systemd/system/docker.service.d; printf \'[Service]\nExecStartPre=/bin/sh -c "! grep -q overlay2 /etc/docker/daemon.json"\n\' >/run/systemd/system/docker.service.d/lab.conf; systemctl daemon-reload',
    );
    const failed = await fleet.run(...apply);
    expect(failed.code, failed.stdout).toBe(1);
    expect(failed.stdout).toMatch(/the daemon does not start with overlay2/);
    await machine.sh('rm -r /run/systemd/system/docker.service.d; systemctl daemon-reload');
    expect([await config(machine), await driver(machine), await runningNames(machine)]).toEqual([
      old,
      'devicemapper',
      'c1 ',
    ]);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it("sets it; volumes of invisible containers are nobody's to clean; and a rollback brings everything back", async () => {
    const machine = one(fleet);
    const applied = await fleet.run(...apply);
    expect(applied.code, applied.stdout).toBe(0);
    expect(applied.stdout.replaceAll(/\s+/g, ' ')).toMatch(/storage driver devicemapper → overlay2/);
    expect([await driver(machine), await machine.sh('docker ps -aq; docker images -q')]).toEqual(['overlay2', '']);
    expect(await config(machine)).not.toMatch(/dm\./);
    const again = await fleet.run('plan', ...playbook, '--detailed-exitcode');
    expect(again.code, again.stdout).toBe(0);
    expect(again.stdout).toMatch(/the storage driver is overlay2 already/);

    expect(await machine.sh('docker volume ls -q --filter dangling=true')).toMatch(/^kept$/m);
    expect((await fleet.run('survey', '--output', 'json')).stdout).toContain('"keeper (of devicemapper)"');
    const cleaning = join(fleet.directory, 'clean.yaml');
    await writeFile(
      cleaning,
      JSON.stringify({ hosts: 'all', steps: [{ name: 'Clean', clean_volumes: { named: true, keep_for: 0 } }] }),
    );
    const cleaned = await fleet.run('apply', cleaning, '--yes');
    expect(cleaned.code, cleaned.stdout).toBe(0);
    expect(await machine.sh('cat /var/lib/docker/volumes/kept/_data/file')).toBe('precious\n');

    // Another container is there now: going back would make it invisible.
    await machine.sh(
      'tar -C /bin -c true 2>/dev/null | docker import - other:lab && docker create --name fresh other:lab /true',
    );
    const [run = ''] = /\d{8}-\d{6}-[0-9a-f]{6}/.exec(applied.stdout) ?? [];
    const kept = await fleet.run('rollback', run, '--yes');
    expect(kept.code, kept.stdout).toBe(1);
    expect(kept.stdout.replaceAll(/\s+/g, ' ')).toMatch(/containers have been made with overlay2 since/);
    expect(await driver(machine)).toBe('overlay2');
    await machine.sh('docker rm fresh');
    const back = await fleet.run('rollback', run, '--yes');
    expect(back.code, back.stdout).toBe(0);
    expect([await config(machine), await driver(machine), await runningNames(machine)]).toEqual([
      old,
      'devicemapper',
      'c1 ',
    ]);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
    expect(await machine.sh('docker run --rm -v kept:/data busybox:lab cat /data/file')).toBe('precious\n');
  });

  it('is completed by resume when plimsoll is killed in the middle', async () => {
    const machine = one(fleet);
    const run = start(fleet, ...apply);
    await expect.poll(() => config(machine), { interval: 100 }).toMatch(/overlay2/);
    await run.kill();
    const resumed = await fleet.run('resume', '--yes');
    expect(resumed.code, resumed.stdout).toBe(0);
    expect(await driver(machine)).toBe('overlay2');
    const back = await fleet.run('rollback', (await runIds(fleet)).at(-1) ?? '', '--yes');
    expect(back.code, back.stdout).toBe(0);
    expect([await driver(machine), await runningNames(machine), await damage(machine)]).toEqual([
      'devicemapper',
      'c1 ',
      [],
    ]);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it('reads the flags that dockerd was started with', async () => {
    const machine = one(fleet);
    const unit = (
      await machine.sh('systemctl show -p ExecStart --value docker.service | sed "s/.*argv\\[\\]=//; s/ ;.*//"')
    ).trim();
    await machine.sh(
      `mkdir -p /run/systemd/system/docker.service.d; printf '[Service]\nExecStart=\nExecStart=${unit} --storage-driver overlay2 --storage-opt=overlay2.override_kernel_check=true\n' >/run/systemd/system/docker.service.d/lab.conf; mv /etc/docker/daemon.json /root/; systemctl daemon-reload; systemctl restart docker`,
    );
    const read = await machine.exec(commandLine(['/bin/sh', '-c', daemonConfig.script, 'sh', '/var/lib/docker']));
    expect(daemonConfig.parse({ status: read.code ?? 1, stdout: read.stdout, stderr: read.stderr }, [])).toMatchObject({
      file: undefined,
      driverFlag: 'overlay2',
      storageFlags: ['overlay2.override_kernel_check=true'],
    });
    const refused = await fleet.run('plan', ...playbook, '-e', 'driver=vfs', '-e', 'acknowledge=true');
    expect([refused.code, refused.stdout.replaceAll(/\s+/g, ' ')]).toEqual([
      4,
      expect.stringMatching(
        /dockerd is started with --storage-driver overlay2 --storage-opt overlay2\.override_kernel_check=true/,
      ),
    ]);
  });
});

describe('set_storage_driver on Docker 28.5', () => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet(['overlay2-28']);
  });
  afterAll(() => fleet.stop());

  it('refuses devicemapper, which is gone; takes vfs, by a file that dockerd has validated; and comes back', async () => {
    const machine = one(fleet);
    const names = await runningNames(machine);
    const gone = await fleet.run('plan', ...playbook, '-e', 'driver=devicemapper', '-e', 'acknowledge=true');
    expect([gone.code, gone.stdout.replaceAll(/\s+/g, ' ')]).toEqual([
      4,
      expect.stringMatching(/has no devicemapper any more/),
    ]);
    const applied = await fleet.run(...apply, '-e', 'driver=vfs');
    expect(applied.code, applied.stdout).toBe(0);
    expect([await driver(machine), await machine.sh('docker ps -aq')]).toEqual(['vfs', '']);
    const [run = ''] = /\d{8}-\d{6}-[0-9a-f]{6}/.exec(applied.stdout) ?? [];
    const back = await fleet.run('rollback', run, '--yes');
    expect(back.code, back.stdout).toBe(0);
    expect([await driver(machine), await runningNames(machine)]).toEqual(['overlay2', names]);
  });
});
