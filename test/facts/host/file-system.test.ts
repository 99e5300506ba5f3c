import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fileSystem, parseSuperblock, parseXfsGeometry, unescapeMount } from '../../../src/facts/host/file-system.ts';
import { mountLoop } from '../loop-device.ts';
import { readHere } from '../real-shell.ts';

const caseFile = z.array(
  z.object({ name: z.string(), first4KiB: z.string(), kind: z.string(), blockSize: z.number(), bytes: z.number() }),
);
const cases = caseFile.parse(JSON.parse(readFileSync(new URL('../cases/superblocks.json', import.meta.url), 'utf8')));
const hexOf = (packed: string): string => gunzipSync(Buffer.from(packed, 'base64')).toString('hex');

describe('parseSuperblock', () => {
  it.each(cases)('$name', ({ first4KiB, kind, blockSize, bytes }) => {
    const found = parseSuperblock(hexOf(first4KiB));
    expect(found).toMatchObject({ kind, blockSize, bytes, blocks: bytes / blockSize });
    expect(found?.uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('reads the upper half of the block count of a 64-bit ext4 only when the feature says so', () => {
    const bytes = gunzipSync(Buffer.from(cases.find(({ kind }) => kind === 'ext4')?.first4KiB ?? '', 'base64'));
    const low = parseSuperblock(bytes.toString('hex'))?.blocks ?? 0;
    bytes.writeUInt32LE(3, 1024 + 0x150);
    bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 0x60) | 0x80, 1024 + 0x60);
    expect(parseSuperblock(bytes.toString('hex'))?.blocks).toBe(low + 3 * 2 ** 32);
    bytes.writeUInt32LE(bytes.readUInt32LE(1024 + 0x60) & ~0x80, 1024 + 0x60);
    expect(parseSuperblock(bytes.toString('hex'))?.blocks).toBe(low);
  });

  it.each([
    ['nothing', ''],
    ['zeros', '00'.repeat(4096)],
    ['half a superblock', hexOf(cases[0]?.first4KiB ?? '').slice(0, 2400)],
    ['noise', 'a5'.repeat(4096)],
  ])('knows none in %s', (_name, hex) => {
    expect(parseSuperblock(hex)).toBeUndefined();
  });
});

describe('parseXfsGeometry', () => {
  it('reads the data section of a mounted file system', () => {
    expect(
      parseXfsGeometry(
        'fd.path = "/x"\ngeom.bsize = 4096\ngeom.agcount = 4\ngeom.datablocks = 102400\ngeom.rtblocks = 0\n',
      ),
    ).toEqual({ blockSize: 4096, blocks: 102_400, bytes: 419_430_400 });
  });

  it('says nothing about another file system', () => {
    expect(parseXfsGeometry('statfs.f_bsize = 4096\nstatfs.f_blocks = 1\n')).toBeUndefined();
  });
});

describe('the file-system fact', () => {
  const answer = `bytes 419430400\nsuperblock ${hexOf(cases.find(({ kind }) => kind === 'xfs')?.first4KiB ?? '')}\n`;

  it('prefers what the driver says of a mounted XFS to the superblock on the device', () => {
    const mounted = `${answer}mount self /mnt/with\\040blank\ngeom.bsize = 4096\ngeom.datablocks = 131072\nmount dockerd /mnt/x\n`;
    expect(fileSystem.parse({ status: 0, stdout: mounted, stderr: '' }, ['/dev/x'])).toMatchObject({
      deviceBytes: 419_430_400,
      bytes: 536_870_912,
      mounts: [
        { namespace: 'self', path: '/mnt/with blank' },
        { namespace: 'dockerd', path: '/mnt/x' },
      ],
    });
  });

  it("takes the superblock where nothing is mounted, and undoes mountinfo's escapes", () => {
    expect(fileSystem.parse({ status: 0, stdout: answer, stderr: '' }, ['/dev/x'])).toMatchObject({
      bytes: 419_430_400,
      mounts: [],
    });
    expect(unescapeMount('/a\\134040b')).toBe('/a\\040b');
  });

  it('is null where there is no block device, and an error where its size cannot be read', () => {
    expect(readHere(fileSystem, '/dev/mapper/no-such-device', '0')).toBeNull();
    expect(readHere(fileSystem, '/etc/passwd')).toBeNull();
    expect(() =>
      fileSystem.parse({ status: 1, stdout: '', stderr: 'blockdev: cannot open /dev/x: Permission denied' }, [
        '/dev/x',
      ]),
    ).toThrow(/Permission denied/);
  });

  for (const kind of ['xfs', 'ext4'] as const) {
    it(`reads a real, mounted ${kind}`, { tags: [`lab:${kind}-loop`] }, () => {
      const loop = mountLoop(kind, 320 * 1024 ** 2);
      try {
        const found = readHere(fileSystem, loop.device, String(process.pid));
        expect(found).toMatchObject({ deviceBytes: 320 * 1024 ** 2, bytes: 320 * 1024 ** 2, superblock: { kind } });
        expect(found?.mounts).toContainEqual({ namespace: 'self', path: loop.mountPoint });
      } finally {
        loop.close();
      }
    });
  }
});
