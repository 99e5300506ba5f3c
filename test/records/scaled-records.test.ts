import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/records/file-store.ts';
import { rebuiltScaled, scaledOnHost } from '../../src/records/rebuild-scaled.ts';
import type { ScaledRecord, StoredInstance } from '../../src/records/scaled-record.ts';
import { volume } from '../operations/volumes/world.ts';
import { instance } from '../operations/scaled/world.ts';
import { scaledConformance } from './scaled-conformance.ts';

const root = mkdtempSync(join(tmpdir(), 'plimsoll-scaled-'));
scaledConformance(
  'files',
  () => Promise.resolve({ one: createFileStore(root), other: createFileStore(root) }),
  () => {
    rmSync(root, { recursive: true });
    return Promise.resolve();
  },
);

const size = 40 * 1024 ** 2;
const stored = (index: number, host: string, more: Partial<StoredInstance> = {}): StoredInstance => ({
  index,
  host,
  state: 'current',
  run: 'r',
  volume: `elk-${String(index)}`,
  sizeBytes: size,
  who: 'ann@laptop',
  at: 'then',
  ...more,
});
const record = (...instances: readonly StoredInstance[]): ScaledRecord => ({
  v: 1,
  kind: 'scaled',
  name: 'elk',
  scale: 3,
  next: 4,
  instances,
});
const rebuilt = (from: ScaledRecord, host: string, ...there: readonly ReturnType<typeof volume>[]): ScaledRecord =>
  rebuiltScaled(from, host, scaledOnHost(there).get('elk') ?? [], 'bob@desk');

describe('the record of a scaled volume, rebuilt from the labels on a host', () => {
  it('stays the same object where it is right already', () => {
    const right = record(stored(1, 'h1'), stored(2, 'h2'));
    expect(rebuilt(right, 'h1', instance(1), volume('other'))).toBe(right);
    expect(rebuilt(right, 'h3')).toBe(right);
  });

  it('has what is there, says that it was read from the host, and never uses its number again', () => {
    expect(rebuilt(record(), 'h1', instance(6))).toEqual({
      ...record(),
      next: 7,
      instances: [
        {
          index: 6,
          host: 'h1',
          state: 'current',
          run: '',
          volume: 'elk-6',
          sizeBytes: size,
          who: 'bob@desk',
          at: '2026-11-21T00:00:00Z',
        },
      ],
    });
  });

  it('loses what is gone from that host, and no other’s; what is being made stays', () => {
    const from = record(stored(1, 'h1'), stored(2, 'h2'), stored(3, 'h1', { state: 'pending' }));
    expect(rebuilt(from, 'h1').instances).toEqual([stored(2, 'h2'), stored(3, 'h1', { state: 'pending' })]);
    expect(rebuilt(from, 'h1', instance(1), instance(3)).instances).toEqual([
      stored(1, 'h1'),
      stored(2, 'h2'),
      stored(3, 'h1'),
    ]);
  });

  it.each([
    [
      'several instances',
      record(),
      [instance(1), instance(2)],
      'they say that it has 2 instances of elk (elk-1, elk-2), and a host has one',
    ],
    [
      'one more than it has',
      record(stored(1, 'h1')),
      [instance(1), instance(2)],
      'they say that it has 2 instances of elk (elk-1, elk-2), and a host has one',
    ],
    ['another host\u2019s', record(stored(1, 'h2')), [instance(1)], 'elk-1 is that of h2'],
    [
      'a number after which there would be none',
      record(),
      [instance(99_999_999)],
      'elk-99999999 is far beyond the 3 instances of elk that there have been',
    ],
    [
      'the same without a scale',
      { v: 1, kind: 'scaled', name: 'elk', next: 1, instances: [] } satisfies ScaledRecord,
      [instance(99_999_999)],
      'elk-99999999 is far beyond the 0 instances of elk that there have been',
    ],
  ] as const)('does not believe a host that says it has %s', (_what, from, there, why) => {
    expect(() => rebuilt(from, 'h1', ...there)).toThrow(`the labels on h1 are not believed: ${why}`);
  });

  it('takes an instance that has been scaled by copy for one, under the name that it was made with', () => {
    const { labels } = instance(1);
    expect(scaledOnHost([volume('elk-1-1', { labels, options: { size: '99' } }), instance(1)]).get('elk')).toEqual([
      { index: 1, volume: 'elk-1', sizeBytes: size, at: '2026-11-21T00:00:00Z' },
    ]);
    expect(
      scaledOnHost([
        volume('elk-1', { labels: { 'plimsoll.scaled': '../etc', 'plimsoll.index': '1' } }),
        volume('elk-2', { labels: { 'plimsoll.scaled': 'elk', 'plimsoll.index': '0' } }),
      ]).size,
    ).toBe(0);
  });
});
