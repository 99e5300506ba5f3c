// lab: 50 s, backup_volume restore_volume
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { limit } from '../../../lab/pace.ts';
import { spawnNative, type NativeMachine } from '../../../lab/native/machine.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { fleetOf } from '../lab-fleet.ts';

const script = (name: string): Promise<string> =>
  readFile(new URL(`../copies/torture/${name}`, import.meta.url), 'utf8');
const data = (volume: string): string => `/var/lib/docker/volumes/${volume}/_data`;
const spool = '/var/lib/plimsoll/spool';

if (!existsSync('/usr/bin/age')) throw new Error('there is no /usr/bin/age: npm run lab:setup installs it');

let fleet: LabFleet<NativeMachine>;
let machine: NativeMachine;
let other: NativeMachine;
/** Public keys: of the operator, of the host's SSH key for restores, and one that nobody encrypts to. */
let keys: { readonly operator: string; readonly ssh: string };

beforeAll(async () => {
  machine = await spawnNative('overlay2-28');
  other = await spawnNative('overlay2-20');
  fleet = await fleetOf([machine, other]);
  for (const name of ['build.py', 'compare.py'])
    await machine.exec(`cat >/root/${name}`, { stdin: await script(name) });
  await machine.exec('cat >/root/s3.py', {
    stdin: await readFile(join(import.meta.dirname, '../guest/s3.py'), 'utf8'),
  });
  await machine.sh(`docker volume create --label tier=front torture && rmdir ${data('torture')} && umask 022 && python3 /root/build.py ${data('torture')} 100 'without socket'
docker run -d --name app -v torture:/data busybox:lab sh -c 'trap exit TERM; while :; do sleep 1 & wait $!; done'`);
});
afterAll(() => fleet.stop());
// Neither there nor anywhere in plimsoll's own directory is anything that could be unpacked without the key.
afterEach(async () => {
  expect(
    await machine.sh(
      `ls -A ${spool} 2>/dev/null || true; ls -d /var/lib/plimsoll/backing-up /var/lib/plimsoll/restoring 2>/dev/null || true`,
    ),
  ).toBe('');
  expect(
    await machine.sh(
      '[ ! -d /var/lib/plimsoll ] || find /var/lib/plimsoll -type f -size +0 -exec sh -c \'for f do case $(head -c 4 "$f" | od -An -tx1) in " 28 b5 2f fd" | " 1f 8b"*) echo "$f" ;; esac; done\' sh {} +',
    ),
  ).toBe('');
});

async function apply(step: object): Promise<{ readonly code: number | null; readonly printed: string }> {
  const file = join(fleet.directory, 'playbook.yaml');
  await writeFile(file, JSON.stringify({ hosts: machine.kind, steps: [step] }));
  const { code, stdout, stderr } = await fleet.run('apply', file, '--yes');
  return { code, printed: stdout + stderr };
}
async function ended(step: object): Promise<string> {
  const { code, printed } = await apply(step);
  expect(code, printed).toBe(0);
  return printed;
}
async function compared(volume: string): Promise<string> {
  const { stdout, stderr } = await machine.exec(`python3 /root/compare.py ${data('torture')} ${data(volume)}`, {
    timeoutMs: limit(120_000),
  });
  return (stdout + stderr).trim();
}
const onLaptop = (directory: string): Promise<readonly string[]> =>
  readdir(join(fleet.directory, directory)).then(
    (names) => names.sort(),
    () => [],
  );
const give = async (to: NativeMachine, program: string): Promise<void> => {
  await to.exec(`base64 -d >${program} && chmod 755 ${program}`, {
    stdin: (await readFile(program)).toString('base64'),
  });
};

describe('a backup that is encrypted', () => {
  it('is refused, and nothing is touched, where the host has no age', async () => {
    const started = await machine.sh("docker inspect -f '{{.State.StartedAt}}' app");
    const { code, printed } = await apply({
      backup_volume: {
        volume: 'torture',
        to: { laptop: 'none' },
        consistency: 'stop',
        encrypt_to: ['age1mg9dsaugwzdz4sdq5yj02dq70atj776az3t2cqnkjqyd06mmj97q668f3p'],
      },
    });
    expect([code, printed]).toEqual([4, expect.stringMatching(/the host has no age[^]*apt-get install age/)]);
    expect([await machine.sh("docker inspect -f '{{.State.StartedAt}}' app"), await onLaptop('none')]).toEqual([
      started,
      [],
    ]);
    for (const program of ['/usr/bin/age', '/usr/bin/age-keygen']) await give(machine, program);
    const made = await machine.sh(
      `umask 077; cd /root && age-keygen -o age.key 2>/dev/null && age-keygen -o other.key 2>/dev/null && ssh-keygen -q -t ed25519 -N '' -C 'a comment' -f ssh.key && ssh-keygen -q -t ed25519 -N '' -f strange.key && age-keygen -y age.key && cat ssh.key.pub`,
    );
    const [operator = '', ssh = ''] = made.split('\n');
    keys = { operator, ssh };
  });

  it('to the laptop and back: byte-identical, and the application was down only meanwhile', async () => {
    const printed = await ended({
      backup_volume: {
        volume: 'torture',
        to: { laptop: 'kept' },
        consistency: 'stop',
        encrypt_to: [keys.operator, keys.ssh],
      },
    });
    expect(printed).toMatch(/encrypted to 2 keys/);
    expect(await machine.sh('docker inspect -f {{.State.Running}} app')).toBe('true\n');
    const [archive = '', , manifest = ''] = (await onLaptop('kept')).toReversed();
    expect([archive, manifest]).toEqual([
      expect.stringMatching(/^torture@\S+\.\d{8}T\d{6}Z\.tar\.zst\.age$/),
      archive.replace('.tar.zst.age', '.json'),
    ]);
    expect(JSON.parse(await readFile(join(fleet.directory, 'kept', manifest), 'utf8'))).toMatchObject({
      encryptedTo: [keys.operator, keys.ssh],
      inside: { sha256: expect.any(String) as string, bytes: expect.any(Number) as number },
    });

    const step = {
      restore_volume: { volume: 'restored', from: { laptop: 'kept' }, backup: 'torture', identity: '/root/age.key' },
    };
    await ended(step);
    expect(await compared('restored')).toMatch(/^identical \d{3}$/);
    await machine.sh('mv /root/age.key /root/away.key');
    expect(await ended(step)).toMatch(/was restored from torture@/);
    await machine.sh('mv /root/away.key /root/age.key');
    await ended({
      restore_volume: { volume: 'by-ssh', from: { laptop: 'kept' }, backup: 'torture', identity: '/root/ssh.key' },
    });
    expect(await compared('by-ssh')).toMatch(/^identical/);
  });

  it('cannot be unpacked as it lies there, and is decrypted without plimsoll by age, zstd and tar', async () => {
    const [archive = ''] = (await onLaptop('kept')).toReversed();
    const file = join(fleet.directory, 'kept', archive);
    expect(spawnSync('zstd', ['-q', '-t', file]).status).not.toBe(0);
    expect(spawnSync('tar', ['-tf', file]).status).not.toBe(0);
    // A name and a text that are in the tree.
    expect((await readFile(file)).includes('torture')).toBe(false);
    await writeFile(join(fleet.directory, 'age.key'), await machine.sh('cat /root/age.key'), { mode: 0o600 });
    const opened = spawnSync('sh', ['-c', `age -d -i age.key 'kept/${archive}' | zstd -d | tar t | wc -l`], {
      cwd: fleet.directory,
      encoding: 'utf8',
    });
    const { entries, sockets } = JSON.parse(await readFile(file.replace('.tar.zst.age', '.json'), 'utf8')) as {
      readonly entries: number;
      readonly sockets: number;
    };
    expect(opened.stdout.trim(), opened.stderr).toBe(String(entries - sockets + 1));
  });

  it('to another host, to a directory of the host, and to a bucket, and back', async () => {
    await machine.sh(
      `umask 077; printf 'user = "AKIDEXAMPLE:secret"\naws-sigv4 = "aws:amz:eu-central-1:s3"\n' >/root/s3.curl; setsid python3 /root/s3.py 9000 AKIDEXAMPLE secret </dev/null >/root/s3.log 2>&1 &`,
    );
    await expect.poll(async () => (await machine.exec('curl -s -o /dev/null http://127.0.0.1:9000/')).code).toBe(0);
    const places = {
      'from-there': { host: other.kind, path: '/srv/sealed' },
      'from-here': { path: '/srv/sealed' },
      'from-bucket': { bucket: 'http://127.0.0.1:9000/bucket', prefix: 'sealed', credentials: '/root/s3.curl' },
    };
    for (const [volume, place] of Object.entries(places)) {
      const step = {
        backup_volume: { volume: 'torture', to: place, consistency: 'pause', encrypt_to: [keys.operator], keep: 1 },
      };
      await ended(step);
      if (volume === 'from-bucket') expect(await ended(step)).toMatch(/then remove torture@\S+ there/);
      await ended({ restore_volume: { volume, from: place, backup: 'torture', identity: '/root/age.key' } });
      expect(await compared(volume)).toMatch(/^identical/);
    }
    expect(await other.sh('ls -A /srv/sealed')).toMatch(
      /^torture@\S+\.json\ntorture@\S+\.seal\ntorture@\S+\.tar\.zst\.age\n$/,
    );
    const [secret = ''] = (await machine.sh('grep AGE-SECRET-KEY /root/age.key')).split('\n');
    expect(spawnSync('grep', ['-r', secret, join(fleet.directory, 'state')]).status).toBe(1);
    expect((await machine.exec(`grep -r ${secret} /var/lib/plimsoll`)).code).toBe(1);
  });

  it.each([
    ['no identity', {}, {}, 4, /is encrypted to 2 keys, age1\S+ and others[^]*say identity:/],
    ['an identity that is not there', { identity: '/root/no.key' }, {}, 4, /\/root\/no\.key on the host is not there/],
    [
      'an identity that others can read',
      { identity: '/root/open.key' },
      { arrange: 'cp /root/age.key /root/open.key; chmod 644 /root/open.key' },
      4,
      /\/root\/open\.key on the host has mode 0644: others may have read the key/,
    ],
    [
      "an identity of somebody else's",
      { identity: '/root/theirs.key' },
      { arrange: 'cp /root/age.key /root/theirs.key; chown 1000 /root/theirs.key' },
      4,
      /does not belong to root/,
    ],
    ['another key', { identity: '/root/other.key' }, {}, 4, /and \/root\/other\.key holds the key of age1/],
  ])('is refused with %s', async (_what, more, { arrange }: { readonly arrange?: string }, expected, message) => {
    await machine.sh(arrange ?? ':');
    const { code, printed } = await apply({
      restore_volume: { volume: 'refused', from: { laptop: 'kept' }, backup: 'torture', ...more },
    });
    expect([code, printed]).toEqual([expected, expect.stringMatching(message)]);
    expect((await machine.exec('docker volume inspect refused')).code).toBe(1);
  });

  it('with a key of which only age can say that it is another one: fails before the volume holds anything, and a rollback leaves nothing', async () => {
    const { code, printed } = await apply({
      restore_volume: { volume: 'strange', from: { laptop: 'kept' }, backup: 'torture', identity: '/root/strange.key' },
    });
    expect([code, printed]).toEqual([
      1,
      expect.stringContaining('is encrypted, and to none of the keys in /root/strange.key'),
    ]);
    expect(await machine.sh(`ls -A ${data('strange')}; ls -A ${spool}`)).toMatch(/^torture@\S+\.tar\.zst\.age\n$/);
    expect(await rolledBack()).toBe(0);
    expect((await machine.exec('docker volume inspect strange')).code).toBe(1);
  });

  it('damaged: by its checksum; and where somebody has changed that too, by age', async () => {
    const [archive = '', , manifest = ''] = (await onLaptop('kept'))
      .toReversed()
      .map((name) => join(fleet.directory, 'kept', name));
    const bytes = await readFile(archive);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1000) ^ 1, bytes.length - 1000);
    await writeFile(archive, bytes);
    const step = {
      restore_volume: { volume: 'damaged', from: { laptop: 'kept' }, backup: 'torture', identity: '/root/age.key' },
    };
    const first = await apply(step);
    expect([first.code, first.printed]).toEqual([1, expect.stringContaining('what arrived is not what was sent')]);
    const digest = spawnSync('sha256sum', [archive], { encoding: 'utf8' }).stdout.slice(0, 64);
    const { sha256 } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly sha256: string };
    await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(sha256, digest));
    const known = await apply(step);
    expect([known.code, known.printed]).toEqual([4, expect.stringMatching(/is not the backup that was made/)]);
    // Nor does age take it, where nobody knows what was made.
    await rm(manifest.replace('.json', '.seal'));
    await rm(join(fleet.directory, 'state/plimsoll/records/plimsoll-backups'), { recursive: true });
    const second = await apply({ restore_volume: { ...step.restore_volume, unvouched: 'allow' } });
    expect([second.code, second.printed]).toEqual([
      1,
      expect.stringMatching(
        /cannot be decrypted with \/root\/age\.key: age: error: failed to decrypt and authenticate payload chunk/,
      ),
    ]);
    expect(await machine.sh(`ls -A ${data('damaged')}`)).toBe('');
    expect(await rolledBack()).toBe(0);
  });

  it('because the disk is full: the application runs again, and nothing is taken for a backup', async () => {
    await machine.sh(`docker volume create large && for n in 1 2; do head -c 10M /dev/urandom >${data('large')}/$n; done
mkdir -p /full && mount -t tmpfs -o size=40M,mode=700 tmpfs /full && docker run -d --name filler --stop-timeout 30 -v large:/large -v /full:/full busybox:lab sh -c 'trap "dd if=/dev/zero of=/full/filler bs=1M count=30; exit" TERM; while :; do sleep 1 & wait $!; done'`);
    const { code, printed } = await apply({
      backup_volume: { volume: 'large', to: { path: '/full' }, consistency: 'stop', encrypt_to: [keys.operator] },
    });
    expect([code, printed]).toEqual([1, expect.stringContaining('could not be written: is there room for it?')]);
    expect(await machine.sh('docker inspect -f {{.State.Running}} filler; ls -A /full')).toBe('true\nfiller\n');
    await machine.sh('docker rm -f filler; umount /full');
  });

  it('because age dies: the application runs again, nothing is left, and resume makes it', async () => {
    await machine.sh(
      'mv /usr/bin/age /usr/bin/age.real; printf \'#!/bin/sh\\n[ ! -e /run/age-dies ] || { rm /run/age-dies; head -c 100000 >/dev/null; kill -9 $$; }\\nexec /usr/bin/age.real "$@"\\n\' >/usr/bin/age; chmod 755 /usr/bin/age; touch /run/age-dies',
    );
    const { code, printed } = await apply({
      backup_volume: {
        volume: 'torture',
        to: { path: '/srv/again' },
        consistency: 'stop',
        encrypt_to: [keys.operator],
      },
    });
    expect([code, printed]).toEqual([1, expect.stringContaining('age has failed')]);
    expect(await machine.sh('docker inspect -f {{.State.Running}} app; ls -A /srv/again')).toBe('true\n');
    const resumed = await fleet.run('resume', '--yes');
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    expect(await machine.sh('ls -A /srv/again')).toMatch(
      /^torture@\S+\.json\ntorture@\S+\.seal\ntorture@\S+\.tar\.zst\.age\n$/,
    );
  });
});

async function rolledBack(): Promise<number | null> {
  const [newest = ''] = (await readdir(join(fleet.directory, 'state/plimsoll/runs'))).sort().toReversed();
  return (await fleet.run('rollback', newest, '--yes')).code;
}
