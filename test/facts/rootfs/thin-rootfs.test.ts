import { describe, expect, it } from 'vitest';
import { thinRootfs } from '../../../src/facts/rootfs/thin-rootfs.ts';
import { recorded } from '../../sim/transcripts.ts';
import { runScript } from '../real-shell.ts';

const MiB = 1024 ** 2;
const record = '{"device_id":4,"size":335544320,"transaction_id":4,"initialized":false,"deleted":false}';
const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const printed = (stdout: string) => thinRootfs.parse({ status: 0, stdout, stderr: '' }, ['docker-1-x', '/m/x']);
const stored = (text = record): string => `mode 600\nrecord ${hex(text)}\n`;

describe('what real hosts say', () => {
  it.each([
    ['dm-xfs', 'xfs', 320 * MiB],
    ['dm-lvm', 'xfs', 320 * MiB],
    ['dm-ext4', 'ext4', 100 * MiB],
  ] as const)('%s', async (kind, fileSystem, bytes) => {
    const { facts } = await recorded(kind);
    const stdout = facts.find(({ name }) => name.startsWith('thin-rootfs'))?.stdout ?? '';
    const read = printed(stdout);
    expect(read).toMatchObject({
      deviceBytes: bytes,
      fileSystem: { kind: fileSystem },
      stored: { deviceId: 4, bytes, mode: '0600', path: '/m/x' },
    });
    expect(read.fileSystem?.bytes).toBe(bytes);
    expect(JSON.parse(read.stored.text)).toMatchObject({ device_id: 4, size: bytes });
    expect(read.usage?.size).toBeGreaterThan(bytes * 0.7);
  });
});

describe('what it makes of an answer', () => {
  it('a stopped container: no device, no usage', () => {
    expect(printed(stored())).toMatchObject({
      deviceBytes: undefined,
      fileSystem: undefined,
      usage: undefined,
      stored: { text: record },
    });
  });

  it('a device that holds nothing that is known', () => {
    expect(printed(`bytes 335544320\nsuperblock ${'00'.repeat(4096)}\n${stored()}df 1 2 3\nxfs\n`)).toMatchObject({
      deviceBytes: 320 * MiB,
      fileSystem: undefined,
      usage: { size: 1, used: 2, available: 3 },
    });
  });

  it('keeps the record to the letter, white space and all', () => {
    const text = ' { "device_id" : 7, "size" : 512,\n"transaction_id": 1, "initialized": true }\n';
    expect(printed(stored(text)).stored).toMatchObject({ text, deviceId: 7, bytes: 512 });
  });

  it.each([
    ['no record', 'record missing\n', 'refused', 'Docker has no record'],
    ['an empty record', 'mode 600\nrecord \n', 'fact-unreadable', "Docker's record"],
    ['half a record', stored(record.slice(0, 30)), 'fact-unreadable', "Docker's record"],
    ['a record without a size', stored('{"device_id":4}'), 'fact-unreadable', "Docker's record"],
    ['a record of size 0', stored(record.replace('335544320', '0')), 'fact-unreadable', "Docker's record"],
    [
      'a record of a size in quotes',
      stored(record.replace('335544320', '"335544320"')),
      'fact-unreadable',
      "Docker's record",
    ],
    ['no mode', `record ${hex(record)}\n`, 'fact-unreadable', "Docker's record"],
    ['no size of the device', `bytes \nsuperblock \n${stored()}`, 'fact-unreadable', 'the size'],
    ['nothing', '', 'refused', 'Docker has no record'],
  ])('%s is not guessed', (_what, stdout, code, message) => {
    expect(() => printed(stdout)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });
});

it('reads nothing but what it is told to, on a host that has none of it', () => {
  expect(runScript(thinRootfs.script, ['no such device', '/no/such record', '0'])).toEqual({
    status: 0,
    stdout: 'record missing\n',
    stderr: '',
  });
});
