// lab: 50 s, backup_volume restore_volume
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { limit } from '../../../lab/pace.ts';
import { spawnNative, type NativeMachine } from '../../../lab/native/machine.ts';
import { start } from '../runs/durable-runs.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { fleetOf } from '../lab-fleet.ts';
import { killAllWork } from '../../run/work/records.ts';

const script = (name: string): Promise<string> =>
  readFile(new URL(`../copies/torture/${name}`, import.meta.url), 'utf8');
const data = (volume: string): string => `/var/lib/docker/volumes/${volume}/_data`;
const kinds = ['overlay2-20', 'overlay2-28'] as const;

let fleet: LabFleet<NativeMachine>;
beforeAll(async () => {
  fleet = await fleetOf([await spawnNative('overlay2-20'), await spawnNative('overlay2-28')]);
  for (const machine of fleet.machines) {
    for (const name of ['build.py', 'compare.py'])
      await machine.exec(`cat >/root/${name}`, { stdin: await script(name) });
    for (const name of ['tampered.sh', 's3.py'])
      await machine.exec(`cat >/root/${name}`, {
        stdin: await readFile(join(import.meta.dirname, '../guest', name), 'utf8'),
      });
    await machine.sh(`for tool in tar zstd; do mv /usr/bin/$tool /usr/bin/$tool.real && install -m 755 /root/tampered.sh /usr/bin/$tool; done
docker volume create --label tier=front --label 'odd=a"b c' torture && rmdir ${data('torture')} && umask 022 && python3 /root/build.py ${data('torture')} 100 'without socket'
docker volume create large && for n in 1 2 3 4; do head -c 10M /dev/urandom >${data('large')}/$n; done
docker run -d --name app -v torture:/data -v large:/large busybox:lab sh -c 'trap exit TERM; while :; do sleep 1 & wait $!; done'`);
  }
});
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
const onLaptop = (directory: string): Promise<readonly string[]> =>
  readdir(join(fleet.directory, directory)).then(
    (names) => names.sort(),
    () => [],
  );
const ended = ({ code, printed }: { readonly code: number | null; readonly printed: string }): string => {
  expect(code, printed).toBe(0);
  return printed;
};

class Backed {
  readonly kind: (typeof kinds)[number];
  constructor(kind: (typeof kinds)[number]) {
    this.kind = kind;
  }
  get machine(): NativeMachine {
    const found = fleet.machines.find(({ kind }) => kind === this.kind);
    if (found === undefined) throw new Error(`no ${this.kind}`);
    return found;
  }
  sh(text: string): Promise<string> {
    return this.machine.sh(text);
  }
  async compare(a: string, b: string): Promise<string> {
    const { stdout, stderr } = await this.machine.exec(`python3 /root/compare.py ${data(a)} ${data(b)}`, {
      timeoutMs: limit(120_000),
    });
    return (stdout + stderr).trim();
  }
  /** Running, paused, and since when. */
  state(): Promise<string> {
    return this.sh("docker inspect -f '{{.State.Running}} {{.State.Paused}} {{.State.StartedAt}}' app");
  }
  async isUp(): Promise<boolean> {
    return (await this.state()).startsWith('true false ');
  }
  async leftOver(): Promise<string> {
    return this.sh(
      'ls -A /var/lib/plimsoll/stopped /var/lib/plimsoll/spool 2>/dev/null | grep -v : | grep . || true; ls -d /var/lib/plimsoll/backing-up /var/lib/plimsoll/restoring 2>/dev/null || true',
    );
  }
  /** What works there is ended as a power failure would end it. */
  endWork(): Promise<string> {
    return this.sh(killAllWork);
  }
}

describe.each(kinds.map((kind, index) => ({ kind, other: kinds[1 - index] ?? '' })))(
  'backup_volume and restore_volume on $kind',
  ({ kind, other }) => {
    const host = new Backed(kind);
    afterEach(async () => {
      expect(await host.leftOver()).toBe('');
    });

    it('to the laptop and back: the torture tree is the same in everything, and the application was down only meanwhile', async () => {
      const before = await host.state();
      const made = ended(
        await apply(kind, {
          backup_volume: { volume: 'torture', to: { laptop: `${kind}/backups` }, consistency: 'stop' },
        }),
      );
      expect(made).toMatch(/app is down while/);
      expect(await host.isUp()).toBe(true);
      expect(await host.state()).not.toBe(before);
      const [archive = '', , manifest = ''] = (await onLaptop(`${kind}/backups`)).toReversed();
      expect([archive, manifest]).toEqual([
        expect.stringMatching(/^torture@\S+\.\d{8}T\d{6}Z\.tar\.zst$/),
        archive.replace('.tar.zst', '.json'),
      ]);
      expect(JSON.parse(await readFile(join(fleet.directory, kind, 'backups', manifest), 'utf8'))).toMatchObject({
        consistency: 'stop',
        sockets: 0,
        changed: 0,
        docker: { labels: { tier: 'front', odd: 'a"b c' } },
        list: {
          names: expect.any(String) as string,
          contents: expect.any(String) as string,
          attributes: expect.any(String) as string,
          acls: expect.any(String) as string,
        },
      });

      ended(
        await apply(kind, {
          restore_volume: { volume: 'restored', from: { laptop: `${kind}/backups` }, backup: 'torture' },
        }),
      );
      expect(await host.compare('torture', 'restored')).toMatch(/^identical \d{3}$/);
      expect(await host.sh("docker volume inspect -f '{{.Labels.tier}} {{.Labels.odd}}' restored")).toBe(
        'front a"b c\n',
      );
      expect(
        ended(
          await apply(kind, {
            restore_volume: { volume: 'restored', from: { laptop: `${kind}/backups` }, backup: 'torture' },
          }),
        ),
      ).toMatch(/was restored from torture@/);
    });

    it('to a directory of the host, paused: the application is never started anew', async () => {
      const before = await host.state();
      ended(
        await apply(kind, {
          backup_volume: { container: 'app', path: '/data', to: { path: '/srv/backups' }, consistency: 'pause' },
        }),
      );
      expect(await host.state()).toBe(before);
      ended(
        await apply(kind, {
          restore_volume: { volume: 'from-here', from: { path: '/srv/backups' }, backup: 'app_data' },
        }),
      );
      expect(await host.compare('torture', 'from-here')).toMatch(/^identical/);
    });

    it('to the other host and back', async () => {
      ended(
        await apply(kind, {
          backup_volume: { volume: 'torture', to: { host: other, path: `/srv/of-${kind}` }, consistency: 'pause' },
        }),
      );
      expect(await fleet.machines.find((one) => one.kind === other)?.sh(`ls -A /srv/of-${kind}`)).toMatch(
        /^torture@\S+\.json\ntorture@\S+\.seal\ntorture@\S+\.tar\.zst\n$/,
      );
      ended(
        await apply(kind, {
          restore_volume: { volume: 'from-there', from: { host: other, path: `/srv/of-${kind}` }, backup: 'torture' },
        }),
      );
      expect(await host.compare('torture', 'from-there')).toMatch(/^identical/);
    });

    it("to a bucket and back, by the host's curl, which alone reads the credentials", async () => {
      const secret = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY';
      await host.sh(`umask 077; printf 'user = "AKIDEXAMPLE:${secret}"\naws-sigv4 = "aws:amz:eu-central-1:s3"\n' >/root/s3.curl
setsid python3 /root/s3.py 9000 AKIDEXAMPLE ${secret} </dev/null >/root/s3.log 2>&1 &`);
      await expect
        .poll(async () => (await host.machine.exec('curl -s -o /dev/null http://127.0.0.1:9000/')).code)
        .toBe(0);
      const bucket = { bucket: 'http://127.0.0.1:9000/bucket', prefix: 'of/app', credentials: '/root/s3.curl' };
      const step = { backup_volume: { volume: 'torture', to: bucket, consistency: 'pause', keep: 1 } };
      const first = ended(await apply(kind, step));
      expect(ended(await apply(kind, step))).toMatch(/then remove torture@\S+ there/);
      ended(await apply(kind, { restore_volume: { volume: 'from-bucket', from: bucket, backup: 'torture' } }));
      expect(await host.compare('torture', 'from-bucket')).toMatch(/^identical/);
      expect(first).not.toContain(secret);
      expect(spawnSync('grep', ['-r', secret, join(fleet.directory, 'state')]).status).toBe(1);
      expect((await host.machine.exec(`grep -r ${secret} /var/lib/plimsoll /root/s3.log`)).code).toBe(1);

      await host.sh(`printf 'user = "AKIDEXAMPLE:wrong"\naws-sigv4 = "aws:amz:eu-central-1:s3"\n' >/root/s3.curl`);
      const refused = await apply(kind, step);
      expect([refused.code, refused.printed]).toEqual([1, expect.stringMatching(/403/)]);
    });
  },
);

describe('a backup that is cut or fails', () => {
  const kind = 'overlay2-28';
  const host = new Backed(kind);
  afterEach(async () => {
    expect(await host.leftOver()).toBe('');
  });

  it('keeps the newest that are whole, and never counts or removes another', async () => {
    const step = {
      backup_volume: { volume: 'large', to: { laptop: 'kept' }, consistency: 'pause', keep: 2, content_list: false },
    };
    ended(await apply(kind, step));
    const [first = ''] = await onLaptop('kept');
    ended(await apply(kind, step));
    const second = (await onLaptop('kept'))[3] ?? '';
    // Not whole any more, so that the first one is still needed.
    await truncate(join(fleet.directory, 'kept', second.replace('.json', '.tar.zst')), 1000);
    ended(await apply(kind, step));
    expect((await onLaptop('kept')).filter((name) => name.endsWith('.json'))).toHaveLength(3);
    expect(ended(await apply(kind, step))).toContain(`then remove ${first.replace('.json', '')} there`);
    const left = await onLaptop('kept');
    expect(left).toHaveLength(9);
    expect(left).toContain(second);
    expect(left).not.toContain(first);
    const truncated = await apply(kind, {
      restore_volume: { volume: 'truncated', from: { laptop: 'kept' }, backup: second.replace('.json', '') },
    });
    expect([truncated.code, truncated.printed]).toEqual([
      4,
      expect.stringMatching(/the archive of large@\S+ is gone, or not whole/),
    ]);
  });

  it('whose bytes are others is not restored', async () => {
    await mkdir(join(fleet.directory, 'damaged'), { recursive: true });
    for (const name of (await onLaptop('kept')).slice(-3))
      await copyFile(join(fleet.directory, 'kept', name), join(fleet.directory, 'damaged', name));
    const [archive = ''] = (await onLaptop('damaged')).toReversed();
    const bytes = await readFile(join(fleet.directory, 'damaged', archive));
    bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
    await writeFile(join(fleet.directory, 'damaged', archive), bytes);
    const restored = await apply(kind, {
      restore_volume: { volume: 'damaged', from: { laptop: 'damaged' }, backup: 'large' },
    });
    expect([restored.code, restored.printed]).toEqual([
      1,
      expect.stringContaining('what arrived is not what was sent'),
    ]);
    expect(await host.sh(`ls -A ${data('damaged')}`)).toBe('');
  });

  it('because tar is killed: the application runs again, and resume makes the backup', async () => {
    await host.sh('touch /usr/local/lib/tar-dies');
    const failed = await apply(kind, {
      backup_volume: { volume: 'large', to: { path: '/srv/large' }, consistency: 'stop' },
    });
    expect([failed.code, failed.printed]).toEqual([1, expect.stringContaining('tar has failed')]);
    expect([await host.isUp(), await host.sh('ls -A /srv/large')]).toEqual([true, '']);
    await host.sh('rm /usr/local/lib/tar-dies');
    ended(await resume());
    expect([await host.isUp(), await host.sh('ls -A /srv/large | wc -l')]).toEqual([true, '3\n']);
    // Live, where it may end with 1, to be killed is no such end.
    await host.sh('touch /usr/local/lib/tar-dies');
    const live = await apply(kind, {
      backup_volume: { volume: 'large', to: { path: '/srv/live' }, consistency: 'live' },
    });
    expect([live.code, live.printed, await host.sh('ls -A /srv/live')]).toEqual([
      1,
      expect.stringContaining('tar has failed'),
      '',
    ]);
    await host.sh('rm /usr/local/lib/tar-dies');
  });

  it('because the disk is full: the application runs again, and nothing is taken for a backup', async () => {
    await host.sh(
      'mkdir -p /full && mount -t tmpfs -o size=60M,mode=700 tmpfs /full && docker run -d --name filler --stop-timeout 30 -v large:/large -v /full:/full busybox:lab sh -c \'trap "dd if=/dev/zero of=/full/filler bs=1M count=50; exit" TERM; while :; do sleep 1 & wait $!; done\'',
    );
    const failed = await apply(kind, {
      backup_volume: { volume: 'large', to: { path: '/full' }, consistency: 'stop' },
    });
    expect([failed.code, failed.printed]).toEqual([
      1,
      expect.stringContaining('could not be written: is there room for it?'),
    ]);
    expect([await host.isUp(), await host.sh('docker inspect -f {{.State.Running}} filler; ls -A /full')]).toEqual([
      true,
      'true\nfiller\n',
    ]);
    await host.sh('docker rm -f filler; umount /full');
  });

  it("because the laptop's disk is too full: nothing is sent, and with room the application is not stopped again", async () => {
    const directory = join(fleet.directory, 'small');
    await mkdir(directory, { recursive: true });
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20M', 'tmpfs', directory]).status).toBe(0);
    try {
      const failed = await apply(kind, {
        backup_volume: { volume: 'large', to: { laptop: 'small' }, consistency: 'stop' },
      });
      expect([failed.code, failed.printed]).toEqual([
        1,
        expect.stringMatching(/would need 40\.\d+ MiB, and 20 MiB are free there/),
      ]);
      const since = await host.state();
      expect([since.startsWith('true false '), await onLaptop('small')]).toEqual([true, []]);
      expect(spawnSync('mount', ['-o', 'remount,size=200M', directory]).status).toBe(0);
      ended(await resume());
      expect([await host.state(), (await onLaptop('small')).length]).toEqual([since, 3]);
    } finally {
      spawnSync('umount', [directory]);
    }
  });

  it('by the death of plimsoll while the archive is made: that goes on, and resume brings it', async () => {
    await host.sh('touch /run/zstd-waits');
    const run = start(
      fleet,
      'apply',
      await playbook(kind, { backup_volume: { volume: 'large', to: { laptop: 'killed' }, consistency: 'stop' } }),
      '--yes',
    );
    await expect.poll(() => host.isUp(), { interval: 100 }).toBe(false);
    await run.kill();
    await host.sh('rm /run/zstd-waits');
    await expect.poll(() => host.isUp(), { interval: 100 }).toBe(true);
    const since = await host.state();
    ended(await resume());
    expect([await host.state(), (await onLaptop('killed')).length]).toEqual([since, 3]);
    ended(await apply(kind, { restore_volume: { volume: 'of-killed', from: { laptop: 'killed' }, backup: 'large' } }));
    expect(await host.compare('large', 'of-killed')).toMatch(/^identical/);
  });

  it('as by a power failure: what was stopped runs again after resume', async () => {
    await host.sh('touch /run/zstd-hangs');
    const run = start(
      fleet,
      'apply',
      await playbook(kind, { backup_volume: { volume: 'large', to: { path: '/srv/cut' }, consistency: 'stop' } }),
      '--yes',
    );
    await expect
      .poll(() => host.machine.exec('test ! -e /run/zstd-hangs').then(({ code }) => code), { interval: 100 })
      .toBe(0);
    await run.kill();
    await host.endWork();
    expect(await host.isUp()).toBe(false);
    ended(await resume());
    expect([await host.isUp(), await host.sh('ls -A /srv/cut | wc -l')]).toEqual([true, '3\n']);
  });

  it('as by a power failure: what was paused goes on after a rollback, and nothing is left', async () => {
    await host.sh('touch /run/zstd-hangs');
    const run = start(
      fleet,
      'apply',
      await playbook(kind, { backup_volume: { volume: 'large', to: { path: '/srv/given-up' }, consistency: 'pause' } }),
      '--yes',
    );
    await expect
      .poll(() => host.machine.exec('test ! -e /run/zstd-hangs').then(({ code }) => code), { interval: 100 })
      .toBe(0);
    await run.kill();
    await host.endWork();
    expect(await host.state()).toMatch(/^true true /);
    const [newest = ''] = (await readdir(join(fleet.directory, 'state/plimsoll/runs'))).sort().toReversed();
    const { code, stdout, stderr } = await fleet.run('rollback', newest, '--yes');
    expect(code, stdout + stderr).toBe(0);
    expect([await host.isUp(), await host.sh('ls -A /srv/given-up')]).toEqual([true, '']);
  });
});
