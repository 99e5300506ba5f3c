import { describe, expect, it } from 'vitest';
import type { LoopPool } from '../../src/facts/pools/loop-pool.ts';
import { loopPool } from '../../src/facts/pools/loop-pool.ts';
import { lvmPool } from '../../src/facts/pools/lvm-pool.ts';

const directory = '/var/lib/docker/devicemapper/devicemapper';
/** As a virtual machine printed it. */
const recordedLoops = `loop 7:0 /dev/loop0 0 0 0 12795 2147483648 ${directory}/data
file 7:0 12795 2147483648 159352 512
free 7:0 5519405056
loop 7:1 /dev/loop1 0 0 0 12796 33554432 ${directory}/metadata
file 7:1 12796 33554432 1584 512
free 7:1 5519405056
`;
const readLoops = (stdout: string, status = 0, stderr = ''): LoopPool =>
  loopPool.parse({ status, stdout, stderr }, ['7:0', '7:1']);

describe('a pool on loop files', () => {
  it('is read with the files, how much of them is allocated, and what is free there', () => {
    expect(readLoops(recordedLoops)).toEqual({
      data: {
        device: '/dev/loop0',
        bytes: 2_147_483_648,
        partial: false,
        readOnly: false,
        file: `${directory}/data`,
        deleted: false,
        onDisk: { bytes: 2_147_483_648, allocatedBytes: 159_352 * 512 },
      },
      metadata: {
        device: '/dev/loop1',
        bytes: 33_554_432,
        partial: false,
        readOnly: false,
        file: `${directory}/metadata`,
        deleted: false,
        onDisk: { bytes: 33_554_432, allocatedBytes: 1584 * 512 },
      },
      freeBytes: 5_519_405_056,
    });
  });

  it.each([
    ['no loop devices at all', '', { data: undefined, metadata: undefined, freeBytes: undefined }],
    [
      'a file that has been deleted',
      recordedLoops
        .replace(`2147483648 ${directory}/data`, `2147483648 ${directory}/data (deleted)`)
        .replace(/^(file|free) 7:0 .*\n/gm, ''),
      { data: { file: `${directory}/data`, deleted: true, onDisk: undefined } },
    ],
    [
      'another file in its place',
      recordedLoops.replace('file 7:0 12795', 'file 7:0 4711'),
      { data: { deleted: false, onDisk: undefined } },
    ],
    [
      'a path with a blank',
      recordedLoops.replaceAll('/var/lib/docker/', '/srv/my docker/'),
      { data: { file: '/srv/my docker/devicemapper/devicemapper/data', onDisk: { bytes: 2_147_483_648 } } },
    ],
    ['an offset', recordedLoops.replace('/dev/loop0 0 0 0', '/dev/loop0 0 4096 0'), { data: { partial: true } }],
    ['a size limit', recordedLoops.replace('/dev/loop0 0 0 0', '/dev/loop0 4096 0 0'), { data: { partial: true } }],
    [
      'a read-only device',
      recordedLoops.replace('/dev/loop1 0 0 0', '/dev/loop1 0 0 1'),
      { metadata: { readOnly: true } },
    ],
  ])('%s', (_what, stdout, expected) => {
    expect(readLoops(stdout)).toMatchObject(expected);
  });

  it.each([
    ['without losetup', () => readLoops('', 127), 'missing-tool'],
    ['when losetup fails', () => readLoops('', 3, 'losetup: cannot access'), 'fact-unreadable'],
    [
      'a size that is no number',
      () => readLoops(recordedLoops.replace('12795 2147483648 /', '12795  /')),
      'fact-unreadable',
    ],
    [
      'df that says nothing',
      () => readLoops(recordedLoops.replace('free 7:0 5519405056', 'free 7:0 ')),
      'fact-unreadable',
    ],
  ])('cannot be read %s', (_what, read, code) => {
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});

const recordedLvm = `pool twi-aot---|1677721600|16777216|monitored|
group   1505755136|4194304
spare 16777216
thin_pool_autoextend_threshold=100
thin_pool_autoextend_percent=20
`;
const readLvm = (stdout: string, status = 0, stderr = '') =>
  lvmPool.parse({ status, stdout, stderr }, ['docker', 'thinpool']);

describe('a pool of LVM', () => {
  it('is read with its group, the spare for metadata, and what is to become of it when it fills', () => {
    expect(readLvm(recordedLvm)).toEqual({
      dataBytes: 1_677_721_600,
      metadataBytes: 16_777_216,
      spareBytes: 16_777_216,
      freeBytes: 1_505_755_136,
      extentBytes: 4_194_304,
      monitored: true,
      profile: '',
      autoextend: { threshold: 100, percent: 20 },
    });
  });

  it.each([
    ['a profile', recordedLvm.replace('monitored|', 'monitored|docker-thinpool'), { profile: 'docker-thinpool' }],
    ['nobody who watches it', recordedLvm.replace('|monitored|', '|not monitored|'), { monitored: false }],
    ['no spare', recordedLvm.replace(/^spare .*\n/m, ''), { spareBytes: 0 }],
    ['no lvmconfig', recordedLvm.replace(/^thin_pool.*\n/gm, ''), { autoextend: undefined }],
  ])('%s', (_what, stdout, expected) => {
    expect(readLvm(stdout)).toMatchObject(expected);
  });

  it.each([
    ['without lvs', () => readLvm('', 127), 'missing-tool'],
    ['when there is none', () => readLvm('', 3, '  Failed to find logical volume "docker/nosuch"'), 'fact-unreadable'],
    [
      'a volume that is no pool',
      () => readLvm(recordedLvm.replace('twi-aot---|1677721600|16777216', '-wi-a-----|1677721600|')),
      'fact-unreadable',
    ],
    ['a group that cannot be read', () => readLvm(recordedLvm.replace(/^group.*$/m, 'group ')), 'fact-unreadable'],
  ])('cannot be read %s', (_what, read, code) => {
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});
