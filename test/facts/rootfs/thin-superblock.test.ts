import { describe, expect, it } from 'vitest';
import { thinSuperblock } from '../../../src/facts/rootfs/thin-superblock.ts';
import { recorded } from '../../sim/transcripts.ts';

const args = ['253:0', '4'];

describe('the superblock of a device that is not active', () => {
  it.each(['dm-xfs', 'dm-lvm', 'dm-ext4'] as const)('%s', async (kind) => {
    const { facts } = await recorded(kind);
    const answer = facts.find(({ name }) => name.startsWith('thin-superblock'));
    expect(
      thinSuperblock.parse({ status: answer?.status ?? -1, stdout: answer?.stdout ?? '', stderr: '' }, args),
    ).toMatchObject({ kind: kind === 'dm-ext4' ? 'ext4' : 'xfs', bytes: (kind === 'dm-ext4' ? 100 : 320) * 1024 ** 2 });
  });

  it('is null when it is of no kind that is known', () => {
    expect(thinSuperblock.parse({ status: 0, stdout: '00'.repeat(4096), stderr: '' }, args)).toBeNull();
  });

  it.each([
    [{ status: 3, stdout: '', stderr: 'device-mapper: reload ioctl failed: No data available' }, 'No data available'],
    [{ status: 0, stdout: '', stderr: '' }, 'thin device 4 of pool 253:0'],
  ])('is not guessed: %j', (printed, message) => {
    expect(() => thinSuperblock.parse(printed, args)).toThrow(
      expect.objectContaining({ code: 'fact-unreadable', message: expect.stringContaining(message) }),
    );
  });

  it('is read through a mapping that is read-only, of 4 KiB, and goes away whatever happens', () => {
    expect(thinSuperblock.script).toContain('--readonly --table "0 8 thin $1 $2"');
    expect(thinSuperblock.script).toMatch(/trap 'remove' EXIT[^]*dmsetup create/);
  });
});
