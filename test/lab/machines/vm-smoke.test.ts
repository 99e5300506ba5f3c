// lab: 200 s, lab/vm/ lab/native/
import { spawn as spawnProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cacheRoot } from '../../../lab/vm/cache.ts';
import { kinds, missing, passwords, spawnMachine, type Kind, type Machine } from '../../../lab/vm/machine.ts';

const lacking = missing();

const expected: Readonly<
  Record<Kind, { readonly driver: string; readonly version: RegExp; readonly containers: readonly string[] }>
> = {
  'dm-xfs': { driver: 'devicemapper', version: /^20\.10\./, containers: ['c1'] },
  'dm-ext4': { driver: 'devicemapper', version: /^20\.10\./, containers: ['c1'] },
  'dm-lvm': { driver: 'devicemapper', version: /^20\.10\./, containers: ['c1'] },
  'overlay2-20': { driver: 'overlay2', version: /^20\.10\./, containers: ['c0', 'c1'] },
  'overlay2-28': { driver: 'overlay2', version: /^28\.5\./, containers: ['c0', 'c1'] },
  'containerd-28': { driver: 'overlayfs', version: /^28\.5\./, containers: ['c1'] },
};

describe.skipIf(lacking !== undefined)(lacking ?? 'the lab’s machines', () => {
  const machines: Machine[] = [];
  const spawn = async (kind: Kind, name?: string): Promise<Machine> => {
    const machine = await spawnMachine(kind, name === undefined ? {} : { name });
    machines.push(machine);
    return machine;
  };
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.stop()));
  });

  test.each(kinds)('%s: docker answers, its containers run, the data is whole', async (kind) => {
    const machine = await spawn(kind);
    const { driver, version, containers } = expected[kind];

    const info = (await machine.sh("docker info --format '{{.Driver}} {{.ServerVersion}} {{.LiveRestoreEnabled}}'"))
      .trim()
      .split(' ');
    expect(info[0]).toBe(driver);
    expect(info[1]).toMatch(version);
    expect(info[2]).toBe('true');
    expect((await machine.sh("docker ps --format '{{.Names}} {{.Image}}'")).trim().split('\n').sort()).toEqual(
      containers.map((name) => `${name} busybox:lab`),
    );
    expect(await machine.sh('docker exec c1 sha256sum -c /data/proof.sha256')).toBe('/data/proof: OK\n');
    expect((await machine.sh('docker exec c1 wc -c /data/proof')).trim()).toBe('4194304 /data/proof');

    expect((await machine.sh('hostname')).trim()).toBe(kind);
    expect(Math.abs(Date.now() / 1000 - Number(await machine.sh('date +%s')))).toBeLessThan(30);
    expect(await machine.sh('systemctl --failed --no-legend')).toBe('');
  });

  test.each(['dm-xfs', 'dm-lvm', 'dm-ext4'] as const)(
    '%s: the root file system of c1 has its pool and file system',
    async (kind) => {
      const machine = await spawn(kind);
      const name = (await machine.sh("docker inspect -f '{{.GraphDriver.Data.DeviceName}}' c1")).trim();
      expect(await machine.sh(`dmsetup table ${name}`)).toMatch(/^0 \d+ thin \d+:\d+ \d+\n$/);
      expect((await machine.sh(`blkid -o value -s TYPE /dev/mapper/${name}`)).trim()).toBe(
        kind === 'dm-ext4' ? 'ext4' : 'xfs',
      );
    },
  );

  test.each(['overlay2-20', 'overlay2-28'] as const)('%s: c1 has a quota, c0 has none', async (kind) => {
    const machine = await spawn(kind);
    const size = async (name: string): Promise<number> =>
      Number((await machine.sh(`docker exec ${name} df -k / | awk 'NR == 2 { print $2 }'`)).trim());
    expect(await size('c1')).toBe(65536);
    expect(await size('c0')).toBeGreaterThan(1_000_000);
    expect(await machine.sh('grep " /var/lib/docker " /proc/mounts')).toMatch(/ xfs .*prjquota/);
  });

  test('users: sudo without a password, with one, and not at all', async () => {
    const machine = await spawn('overlay2-20', 'users');
    expect(await machine.exec('id -un; sudo -n id -un', { user: 'ops' })).toEqual({
      code: 0,
      stdout: 'ops\nroot\n',
      stderr: '',
    });
    expect((await machine.exec('sudo -n true', { user: 'opspw' })).code).toBe(1);
    expect(await machine.exec("sudo -S -p '' id -un", { user: 'opspw', stdin: `${passwords.opspw}\n` })).toMatchObject({
      code: 0,
      stdout: 'root\n',
    });
    expect((await machine.exec("sudo -S -p '' true", { user: 'plain', stdin: `${passwords.plain}\n` })).code).toBe(1);
  });

  test('commands: exit status, standard input, a time limit, many at once', async () => {
    const machine = await spawn('dm-ext4', 'commands');
    expect(await machine.exec('cat; echo no >&2; exit 3', { stdin: 'in' })).toEqual({
      code: 3,
      stdout: 'in',
      stderr: 'no\n',
    });
    await expect(machine.sh('echo broken >&2; false')).rejects.toThrow(/exited 1: broken/);
    expect((await machine.exec('sleep 60', { timeoutMs: 1000 })).code).toBeNull();
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const outputs = await Promise.all(numbers.map((index) => machine.exec(`echo ${String(index)}`)));
    expect(outputs.map((each) => Number(each.stdout))).toEqual(numbers);
  });

  test('two clones of a kind are two machines', async () => {
    const [one, two] = await Promise.all([spawn('dm-xfs', 'one'), spawn('dm-xfs', 'two')]);
    expect(one.port).not.toBe(two.port);
    const created = await Promise.all([one, two].map((machine) => machine.sh('docker create busybox:lab true')));
    expect(created[0]).not.toBe(created[1]);
    await one.sh('docker rm -f c1');
    expect(await two.sh('docker exec c1 sha256sum -c /data/proof.sha256')).toBe('/data/proof: OK\n');
  });

  test('dm-xfs: after the plug was pulled docker is back, and c1 can be started', async () => {
    const machine = await spawn('dm-xfs', 'unplugged');
    const boot = await machine.sh('cat /proc/sys/kernel/random/boot_id');
    await machine.hardReset();
    expect(await machine.sh('cat /proc/sys/kernel/random/boot_id')).not.toBe(boot);
    expect((await machine.sh('hostname')).trim()).toBe('unplugged');
    expect((await machine.sh("docker inspect -f '{{.State.Running}}' c1")).trim()).toBe('false');
    await machine.sh('docker start c1');
    expect(await machine.sh('docker exec c1 sha256sum -c /data/proof.sha256')).toBe('/data/proof: OK\n');
  });

  test('no machine outlives a process that was killed', async () => {
    const child = spawnProcess(process.execPath, ['--import', 'tsx', 'lab/vm/cli.ts', 'spawn', 'dm-ext4', 'orphan'], {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let printed = '';
    for await (const chunk of child.stdout) {
      printed += String(chunk);
      if (/ -p \d+ /.test(printed)) break;
    }
    const port = Number(/ -p (\d+) /.exec(printed)?.[1]);
    const connects = (): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1');
        socket.once('connect', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => {
          resolve(false);
        });
      });
    expect(await connects()).toBe(true);
    child.kill('SIGKILL');
    await closed;
    await expect.poll(connects).toBe(false);
  });

  test('an aborted spawn leaves nothing behind', async () => {
    const spawning = spawnMachine('dm-xfs', { name: 'aborted', signal: AbortSignal.timeout(500) });
    await expect(spawning).rejects.toThrow();
    expect(readdirSync(join(cacheRoot(), 'run')).filter((name) => name.startsWith('aborted-'))).toEqual([]);
  });
});
