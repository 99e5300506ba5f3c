import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { directoryQuotas } from '../../src/facts/host/directory-quotas.ts';
import { directoryUsage } from '../../src/facts/host/directory-usage.ts';
import { diskSpace } from '../../src/facts/host/disk-space.ts';
import type { Fact } from '../../src/facts/fact.ts';
import { poolBacking } from '../../src/facts/pools/pool-backing.ts';
import { readHere, runScript } from './real-shell.ts';

const mib = 1024 ** 2;
const recordings = z.record(
  z.string(),
  z.array(z.object({ fact: z.string(), args: z.array(z.string()), status: z.number(), stdout: z.string() })),
);
/** What the virtual machines of the lab printed. */
const recorded = recordings.parse(JSON.parse(await readFile(join(import.meta.dirname, 'cases/survey.json'), 'utf8')));

function read<Value>(
  kind: 'dm-xfs' | 'dm-lvm' | 'overlay2-28',
  fact: Fact<Value>,
): { readonly value: Value; readonly args: readonly string[] } {
  const found = recorded[kind]?.find((one) => one.fact === fact.name);
  if (found === undefined) throw new Error(`${fact.name} was not recorded on ${kind}`);
  return { value: fact.parse({ ...found, stderr: '' }, found.args), args: found.args };
}

const nothing = {
  fileSystem: '',
  mountPoint: '',
  projectQuotas: false,
  project: 0,
  limitBytes: 0,
  usedBytes: 0,
  recordedBytes: undefined,
  recordUnread: false,
};

describe('disk space', () => {
  it.each([
    ['dm-lvm', { source: '/dev/vda', type: 'ext4', mountPoint: '/', size: 6_299_418_624 }],
    [
      'overlay2-28',
      {
        source: '/dev/vdb',
        type: 'xfs',
        mountPoint: '/var/lib/docker',
        size: 4_227_858_432,
        used: 134_791_168,
        available: 4_093_067_264,
        inodes: 2_097_152,
        freeInodes: 2_096_504,
      },
    ],
  ] as const)('of %s, and none of a path that is not there', (kind, expected) => {
    const { value } = read(kind, diskSpace);
    expect(value).toEqual([expect.objectContaining(expected), expect.objectContaining(expected), null]);
  });

  it('takes a source with blanks, and a file system without inodes', () => {
    expect(
      diskSpace.parse({ status: 0, stdout: 'df //nas/my share cifs - - 1000 600 400 /mnt/a b\n', stderr: '' }, [
        '/mnt/a b',
      ]),
    ).toEqual([
      {
        source: '//nas/my share',
        type: 'cifs',
        mountPoint: '/mnt/a b',
        size: 1000,
        used: 600,
        available: 400,
        inodes: 0,
        freeInodes: 0,
      },
    ]);
  });

  it('is not guessed where the answer is not one for each path', () => {
    expect(() =>
      diskSpace.parse({ status: 0, stdout: 'df /dev/vda ext4 1 1 1 1 1 /\n', stderr: '' }, ['/', '/srv']),
    ).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });

  it('of this machine is what df says', () => {
    const [root, missing] = readHere(diskSpace, '/', '/nosuch');
    expect(root).toMatchObject({ mountPoint: '/' });
    expect(root?.size).toBeGreaterThan(0);
    expect(missing).toBeNull();
  });
});

describe('quotas of many directories', () => {
  it('on XFS with project quotas: limits, what is used, and what Docker has recorded, without a volume being walked over', () => {
    const { value, args } = read('overlay2-28', directoryQuotas);
    const of = (name: string) => value.directories[args.slice(2).findIndex((path) => path.includes(`/${name}`))];
    expect(value.quotaTool).toBe(true);
    const onDisk = { fileSystem: 'xfs', mountPoint: '/var/lib/docker', projectQuotas: true };
    expect(of('volumes/sized/')).toEqual({
      ...nothing,
      ...onDisk,
      project: 4,
      limitBytes: 20 * mib,
      usedBytes: 4 * mib,
      recordedBytes: 20 * mib,
    });
    expect(of('volumes/named/')).toEqual({ ...nothing, ...onDisk });
    expect(of('overlay2/2d13736555a4')).toEqual({
      ...nothing,
      ...onDisk,
      project: 3,
      limitBytes: 64 * mib,
      usedBytes: 4108 * 1024,
    });
    expect(of('volumes/memory/')).toMatchObject({
      fileSystem: 'tmpfs',
      mountPoint: '/var/lib/docker/volumes/memory/_data',
      project: 0,
      limitBytes: 0,
    });
    expect(value.mounts.filter(({ fileSystem }) => fileSystem === 'overlay')).toEqual([]);
  });

  it('on ext4: none', () => {
    const { value } = read('dm-lvm', directoryQuotas);
    expect(
      value.directories.every(
        (directory) => directory?.fileSystem === 'ext4' && directory.project === 0 && !directory.projectQuotas,
      ),
    ).toBe(true);
  });

  const mount = 'mount 44 27 254:16 / /d rw - xfs /dev/vdb rw,prjquota';
  it.each([
    ['was changed after the daemon had read it', 'written 0 2000 1000', true],
    ['was written when the volume was', 'written 0 1001 1000', false],
    ['was written at a time that the file system does not keep', 'written 0 2000 0', false],
    ['is older than the daemon', '', false],
  ])('a record that %s', (_what, line, unread) => {
    const { directories } = directoryQuotas.parse({ status: 0, stdout: `${mount}\n${line}\nend\n`, stderr: '' }, [
      '/d',
      '/d/volumes',
      '/d/volumes/x/_data',
    ]);
    expect(directories[0]?.recordUnread).toBe(unread);
  });

  it('are not taken from another file system’s report', () => {
    const stdout = `${mount}\nmount 45 44 254:32 / /d/volumes rw - xfs /dev/vdc rw,prjquota\nreport /d\n#7 1 8 8 00 [--------]\nreport /d/volumes\n#7 2 16 16 00 [--------]\nproject 0 7\nend\n`;
    expect(
      directoryQuotas.parse({ status: 0, stdout, stderr: '' }, ['/d', '/d/volumes', '/d/volumes/x/_data'])
        .directories[0],
    ).toMatchObject({ mountPoint: '/d/volumes', usedBytes: 2048, limitBytes: 16 * 1024 });
  });

  it('that were cut off are not read', () => {
    expect(() =>
      directoryQuotas.parse({ status: 0, stdout: `${mount}\nproject 0`, stderr: '' }, ['/d', '/d/volumes']),
    ).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });

  it('the script runs in this machine’s shell, and prints no options that may hold a password', async () => {
    const volume = join(await mkdtemp(join(tmpdir(), 'plimsoll-quotas-')), 'v');
    await mkdir(join(volume, '_data'), { recursive: true });
    await writeFile(
      join(volume, 'opts.json'),
      '{"MountType":"cifs","MountOpts":"password=geheim","MountDevice":"//nas/x","Quota":{"Size":0}}',
    );
    const args = ['/', '/', join(volume, '_data')];
    const printed = runScript(directoryQuotas.script, args);
    await rm(join(volume, '..'), { recursive: true });
    expect(printed.stdout).not.toContain('geheim');
    expect(directoryQuotas.parse(printed, args).directories).toHaveLength(1);
  });
});

describe('what a pool lies on', () => {
  it('loop files: how long they are, and what they take on the disk', () => {
    expect(read('dm-xfs', poolBacking).value).toEqual({
      loopFiles: [
        { path: '/var/lib/docker/devicemapper/devicemapper/data', bytes: 2_147_483_648, allocatedBytes: 97_316_864 },
        { path: '/var/lib/docker/devicemapper/devicemapper/metadata', bytes: 33_554_432, allocatedBytes: 1_949_696 },
      ],
      logical: undefined,
    });
  });

  it('LVM, with the profile by which it is extended', () => {
    expect(read('dm-lvm', poolBacking).value).toEqual({
      loopFiles: [],
      logical: {
        group: 'docker',
        name: 'thinpool',
        bytes: 1_677_721_600,
        metadataBytes: 16_777_216,
        dataPercent: 7.06,
        metadataPercent: 10.45,
        freeBytes: 1_505_755_136,
        profile: 'docker',
        monitored: true,
        autoextend: { threshold: 80, percent: 20 },
      },
    });
  });

  it('something that nobody names', () => {
    expect(poolBacking.parse({ status: 0, stdout: '', stderr: '' }, ['pool'])).toEqual({
      loopFiles: [],
      logical: undefined,
    });
  });
});

describe('a walk over directories', () => {
  it('tells what each takes, and nothing of one that is not there', () => {
    const { value, args } = read('overlay2-28', directoryUsage(30));
    expect(value).toHaveLength(args.length - 1);
    expect(value).toContain(8 * mib);
    expect(value.at(-1)).toBeNull();
  });

  it('ends when the time is up', () => {
    expect(readHere(directoryUsage(0), '0', '/usr', '/etc')).toEqual([null, null]);
  });
});
