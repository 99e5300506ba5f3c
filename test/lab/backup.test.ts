import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { spawnNative, type NativeMachine } from '../../lab/native/machine.ts';
import { start } from './durable-runs.ts';
import type { LabFleet } from './lab-fleet.ts';
import { fleetOf } from './lab-fleet.ts';

const script = (name: string): Promise<string> => readFile(new URL(`./torture/${name}`, import.meta.url), 'utf8');
const data = (volume: string): string => `/var/lib/docker/volumes/${volume}/_data`;
const kinds = ['overlay2-20', 'overlay2-28'] as const;

let fleet: LabFleet<NativeMachine>;
beforeAll(async () => {
  fleet = await fleetOf([await spawnNative('overlay2-20'), await spawnNative('overlay2-28')]);
  for (const machine of fleet.machines) {
    for (const name of ['build.py', 'compare.py']) await machine.exec(`cat >/root/${name}`, { stdin: await script(name) });
  }
}, 120_000);
afterAll(() => fleet.stop());

/** A play of one step on one host; JSON is YAML. */
async function playbook(host: string, step: object): Promise<string> {
  const file = join(fleet.directory, 'playbook.yaml');
  await writeFile(file, JSON.stringify({ hosts: host, steps: [step] }));
  return file;
}
async function apply(host: string, step: object): Promise<{ readonly code: number | null; readonly printed: string }> {
  const { code, stdout, stderr } = await fleet.run('apply', await playbook(host, step), '--yes');
  return { code, printed: stdout + stderr };
}
async function resume(): Promise<{ readonly code: number | null; readonly printed: string }> {
  const { code, stdout, stderr } = await fleet.run('resume', '--yes');
  return { code, printed: stdout + stderr };
}
const onLaptop = (directory: string): Promise<readonly string[]> => readdir(join(fleet.directory, directory)).then((names) => names.sort(), () => []);
const ended = ({ code, printed }: { readonly code: number | null; readonly printed: string }): string => {
  expect(code, printed).toBe(0);
  return printed;
};

describe.each(kinds.map((kind, index) => ({ kind, index })))('backup_volume and restore_volume on $kind', ({ kind, index }) => {
  let machine: NativeMachine;
  const other = kinds[1 - index] ?? '';
  const sh = (text: string): Promise<string> => machine.sh(text);
  const compare = async (a: string, b: string): Promise<string> => {
    const { stdout, stderr } = await machine.exec(`python3 /root/compare.py ${data(a)} ${data(b)}`, { timeoutMs: 120_000 });
    return (stdout + stderr).trim();
  };
  /** Running, paused, and since when. */
  const state = (): Promise<string> => sh("docker inspect -f '{{.State.Running}} {{.State.Paused}} {{.State.StartedAt}}' app");
  const isUp = async (): Promise<boolean> => (await state()).startsWith('true false ');
  const leftOver = (): Promise<string> => sh('ls -A /var/lib/plimsoll/stopped /var/lib/plimsoll/spool /var/lib/plimsoll/backing-up 2>/dev/null | grep -v : | grep . || true');
  /** The work of the newest run, ended as a power failure would end it. */
  const endWork = (): Promise<string> => sh('for at in /var/lib/plimsoll/runs/*/*; do [ -e "$at/status" ] || [ ! -s "$at/pid" ] || kill -9 -- -$(cat "$at/pid"); done');

  beforeAll(async () => {
    const found = fleet.machines.find((one) => one.kind === kind);
    if (found === undefined) throw new Error(`no ${kind}`);
    machine = found;
    await sh(`docker volume create --label tier=front --label 'odd=a"b c' torture && rmdir ${data('torture')} && umask 022 && python3 /root/build.py ${data('torture')} 500 'without socket'
docker volume create large && for n in 1 2 3 4 5 6 7 8; do head -c 10M /dev/urandom >${data('large')}/$n; done
docker run -d --name app -v torture:/data -v large:/large busybox:lab sh -c 'trap "[ ! -d /full ] || head -c 100M /dev/zero >/full/filler; exit" TERM; while :; do sleep 1 & wait $!; done'`);
  }, 120_000);
  afterEach(async () => { expect(await leftOver()).toBe(''); });

  it('to the laptop and back: the torture tree is the same in everything, and the application was down only meanwhile', async () => {
    const before = await state();
    const made = ended(await apply(kind, { backup_volume: { volume: 'torture', to: { laptop: 'backups' }, consistency: 'stop' } }));
    expect(made).toMatch(/app is down while/);
    expect(await isUp()).toBe(true);
    expect(await state()).not.toBe(before);
    const [archive = '', manifest = ''] = (await onLaptop('backups')).toReversed();
    expect([archive, manifest]).toEqual([expect.stringMatching(/^torture@\S+\.\d{8}T\d{6}Z\.tar\.zst$/), archive.replace('.tar.zst', '.json')]);
    expect(JSON.parse(await readFile(join(fleet.directory, 'backups', manifest), 'utf8'))).toMatchObject({ consistency: 'stop', sockets: 0, changed: 0, docker: { labels: { tier: 'front', odd: 'a"b c' } }, list: { names: expect.any(String) as string, contents: expect.any(String) as string, attributes: expect.any(String) as string, acls: expect.any(String) as string } });

    ended(await apply(kind, { restore_volume: { volume: 'restored', from: { laptop: 'backups' }, backup: 'torture' } }));
    expect(await compare('torture', 'restored')).toMatch(/^identical \d{3}$/);
    expect(await sh("docker volume inspect -f '{{.Labels.tier}} {{.Labels.odd}}' restored")).toBe('front a"b c\n');
    const again = await apply(kind, { restore_volume: { volume: 'restored', from: { laptop: 'backups' }, backup: 'torture' } });
    expect(ended(again)).toMatch(/was restored from torture@/);
  });

  it('to a directory of the host, paused: the application is never started anew', async () => {
    const before = await state();
    ended(await apply(kind, { backup_volume: { container: 'app', path: '/data', to: { path: '/srv/backups' }, consistency: 'pause' } }));
    expect(await state()).toBe(before);
    ended(await apply(kind, { restore_volume: { volume: 'from-here', from: { path: '/srv/backups' }, backup: 'app_data' } }));
    expect(await compare('torture', 'from-here')).toMatch(/^identical/);
  });

  it('to the other host and back', async () => {
    ended(await apply(kind, { backup_volume: { volume: 'torture', to: { host: other, path: `/srv/of-${kind}` }, consistency: 'pause' } }));
    expect(await fleet.machines.find((one) => one.kind === other)?.sh(`ls -A /srv/of-${kind}`)).toMatch(/^torture@\S+\.json\ntorture@\S+\.tar\.zst\n$/);
    ended(await apply(kind, { restore_volume: { volume: 'from-there', from: { host: other, path: `/srv/of-${kind}` }, backup: 'torture' } }));
    expect(await compare('torture', 'from-there')).toMatch(/^identical/);
  });

  it('keeps the newest that are whole, and never counts or removes another', async () => {
    const step = { backup_volume: { volume: 'torture', to: { laptop: 'kept' }, consistency: 'pause', keep: 2, content_list: false } };
    ended(await apply(kind, step));
    const [first = ''] = await onLaptop('kept');
    ended(await apply(kind, step));
    const second = (await onLaptop('kept'))[2] ?? '';
    // Not whole any more, so that the first one is still needed.
    await truncate(join(fleet.directory, 'kept', second.replace('.json', '.tar.zst')), 1000);
    ended(await apply(kind, step));
    expect((await onLaptop('kept')).filter((name) => name.endsWith('.json'))).toHaveLength(3);
    const last = ended(await apply(kind, step));
    expect(last).toContain(`then remove ${first.replace('.json', '')} there`);
    const left = await onLaptop('kept');
    expect(left).toHaveLength(6);
    expect(left).toContain(second);
    expect(left).not.toContain(first);
    const truncated = await apply(kind, { restore_volume: { volume: 'truncated', from: { laptop: 'kept' }, backup: second.replace('.json', '') } });
    expect([truncated.code, truncated.printed]).toEqual([4, expect.stringMatching(/the archive of torture@\S+ is gone, or not whole/)]);
  });

  it('a backup whose bytes are others is not restored', async () => {
    const name = (await onLaptop('backups')).find((each) => each.endsWith('.tar.zst') && each.startsWith('torture@')) ?? '';
    await mkdir(join(fleet.directory, 'damaged'), { recursive: true });
    const bytes = await readFile(join(fleet.directory, 'backups', name));
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    await writeFile(join(fleet.directory, 'damaged', name), bytes);
    await writeFile(join(fleet.directory, 'damaged', name.replace('.tar.zst', '.json')), await readFile(join(fleet.directory, 'backups', name.replace('.tar.zst', '.json'))));
    const restored = await apply(kind, { restore_volume: { volume: 'damaged', from: { laptop: 'damaged' }, backup: 'torture' } });
    expect([restored.code, restored.printed]).toEqual([1, expect.stringContaining('what arrived is not what was sent')]);
    expect(await sh(`ls -A ${data('damaged')}`)).toBe('');
  });

  it('the application runs again when tar is killed, and resume makes the backup', async () => {
    // As soon as there is one.
    await sh(`setsid sh -c 'while :; do pid=$(pidof tar) && kill -9 $pid && exit; done' </dev/null >/dev/null 2>&1 &`);
    const failed = await apply(kind, { backup_volume: { volume: 'large', to: { path: '/srv/large' }, consistency: 'stop' } });
    expect([failed.code, failed.printed]).toEqual([1, expect.stringContaining('tar has failed')]);
    expect([await isUp(), await sh('ls -A /srv/large')]).toEqual([true, '']);
    ended(await resume());
    expect([await isUp(), await sh('ls -A /srv/large | wc -l')]).toEqual([true, '2\n']);
  });

  it('the application runs again when the disk is full, and nothing is taken for a backup', async () => {
    await sh('mkdir -p /full && mount -t tmpfs -o size=120M tmpfs /full && docker run -d --name filler --stop-timeout 30 -v large:/large -v /full:/full busybox:lab sh -c \'trap "head -c 90M /dev/zero >/full/filler; exit" TERM; while :; do sleep 1 & wait $!; done\'');
    const failed = await apply(kind, { backup_volume: { volume: 'large', to: { path: '/full' }, consistency: 'stop' } });
    expect([failed.code, failed.printed]).toEqual([1, expect.stringContaining('could not be written: is there room for it?')]);
    expect([await isUp(), await sh('docker inspect -f {{.State.Running}} filler; ls -A /full')]).toEqual([true, 'true\nfiller\n']);
    await sh('docker rm -f filler; umount /full');
  });

  it('goes on when the laptop\'s disk was full: what has arrived is not sent again, and the application is not stopped again', async () => {
    const directory = join(fleet.directory, 'small');
    await mkdir(directory, { recursive: true });
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=30M', 'tmpfs', directory]).status).toBe(0);
    try {
      const failed = await apply(kind, { backup_volume: { volume: 'large', to: { laptop: 'small' }, consistency: 'stop' } });
      expect([failed.code, failed.printed]).toEqual([1, expect.stringContaining('ENOSPC')]);
      const since = await state();
      expect([since.startsWith('true false '), await onLaptop('small')]).toEqual([true, [expect.stringMatching(/\.plimsoll-part$/)]]);
      expect(spawnSync('mount', ['-o', 'remount,size=200M', directory]).status).toBe(0);
      ended(await resume());
      expect([await state(), (await onLaptop('small')).length]).toEqual([since, 2]);
    } finally {
      spawnSync('umount', [directory]);
    }
  });

  it('goes on when plimsoll is killed while the archive is made', async () => {
    const run = start(fleet, 'apply', await playbook(kind, { backup_volume: { volume: 'large', to: { laptop: 'killed' }, consistency: 'stop' } }), '--yes');
    await expect.poll(() => isUp(), { timeout: 60_000, interval: 50 }).toBe(false);
    await run.kill();
    await expect.poll(() => isUp(), { timeout: 60_000, interval: 100 }).toBe(true);
    const since = await state();
    ended(await resume());
    expect([await state(), (await onLaptop('killed')).length]).toEqual([since, 2]);
    ended(await apply(kind, { restore_volume: { volume: 'of-killed', from: { laptop: 'killed' }, backup: 'large' } }));
    expect(await compare('large', 'of-killed')).toMatch(/^identical/);
  });

  it('what was stopped when everything was cut runs again after resume', async () => {
    const run = start(fleet, 'apply', await playbook(kind, { backup_volume: { volume: 'large', to: { path: '/srv/cut' }, consistency: 'stop' } }), '--yes');
    await expect.poll(() => isUp(), { timeout: 60_000, interval: 50 }).toBe(false);
    await run.kill();
    await endWork();
    expect(await isUp()).toBe(false);
    ended(await resume());
    expect([await isUp(), await sh('ls -A /srv/cut | wc -l')]).toEqual([true, '2\n']);
  });

  it('and after a rollback', async () => {
    const run = start(fleet, 'apply', await playbook(kind, { backup_volume: { volume: 'large', to: { path: '/srv/given-up' }, consistency: 'pause' } }), '--yes');
    await expect.poll(() => state(), { timeout: 60_000, interval: 50 }).toMatch(/^true true /);
    await run.kill();
    await endWork();
    expect(await state()).toMatch(/^true true /);
    const [newest = ''] = (await readdir(join(fleet.directory, 'state/plimsoll/runs'))).sort().toReversed();
    const { code, stdout, stderr } = await fleet.run('rollback', newest, '--yes');
    expect(code, stdout + stderr).toBe(0);
    expect([await isUp(), await sh('ls -A /srv/given-up')]).toEqual([true, '']);
  });
});
