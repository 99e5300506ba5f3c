import { describe, expect, it } from 'vitest';
import { trimState } from '../../../src/facts/rootfs/trim-state.ts';
import { recorded } from '../../sim/transcripts.ts';

const printed = (stdout: string) => trimState.parse({ status: 0, stdout, stderr: '' }, ['docker-1-x']);

it.each(['dm-xfs', 'dm-ext4', 'dm-lvm'] as const)('what a real %s says', async (kind) => {
  const { facts } = await recorded(kind);
  const read = printed(facts.find(({ name }) => name.startsWith('trim-state'))?.stdout ?? '');
  expect(read).toEqual({ hasFstrim: true, discardBytes: expect.any(Number), trimmed: undefined });
  expect(read.discardBytes).toBeGreaterThan(0);
});

describe('what it makes of an answer', () => {
  it.each([
    ['no fstrim, no device', '', { hasFstrim: false, discardBytes: undefined, trimmed: undefined }],
    ['a device without discards', 'fstrim\ndiscard 0\n', { hasFstrim: true, discardBytes: 0, trimmed: undefined }],
    [
      'a note',
      'fstrim\ndiscard 4096\ntrimmed 62914560 70000000\n',
      { hasFstrim: true, discardBytes: 4096, trimmed: { givenBackBytes: 62_914_560, spareBytes: 70_000_000 } },
    ],
  ])('%s', (_what, text, read) => {
    expect(printed(text)).toEqual(read);
  });

  it.each([
    ['no answer of lsblk', 'fstrim\ndiscard \n', 'takes discards cannot be told'],
    ['half a note', 'fstrim\ndiscard 4096\ntrimmed 6291\n', 'is not understood'],
    ['an empty note', 'fstrim\ndiscard 4096\ntrimmed \n', 'is not understood'],
  ])('%s is not guessed at', (_what, text, message) => {
    expect(() => printed(text)).toThrow(message);
  });
});
