import { describe, expect, it } from 'vitest';
import type { CopiedInto } from '../../../../src/facts/copies/copied-into.ts';
import { askCopiedInto } from '../../../../src/facts/copies/copied-into.ts';
import { ask } from '../../../../src/facts/fact.ts';
import { volumes } from '../../../../src/facts/volumes/volumes.ts';
import { readCopies, staleCopyRefusal } from '../../../../src/operations/containers/recreate/stale-copy.ts';
import { followReading } from '../../../../src/operations/engine/reading.ts';
import { recordedSpec } from '../../../facts/recorded-specs.ts';
import { Answers } from '../../known.ts';

const source = '/var/lib/docker/volumes/old/_data';
const spec = {
  ...recordedSpec('docker-28', 'plain'),
  mounts: [{ Type: 'volume', Name: 'old', Source: source, Destination: '/data', RW: true }],
};
const mounts = { '/data/': { volume: 'new' } };
const mountpoint = '/var/lib/docker/volumes/new/_data';
const volume = { name: 'new', driver: 'local', mountpoint, labels: {}, options: {}, scope: 'local', createdAt: '' };

const reasonOf = (copy: CopiedInto | null): string | undefined =>
  staleCopyRefusal(spec, mounts, { volumes: [volume], into: new Map([[mountpoint, () => copy]]) })?.reason;

const asked = (wanted: Parameters<typeof readCopies>[0], known: Answers): readonly string[] =>
  followReading(readCopies(wanted), known).asked.map(({ key }) => key);

describe('a copy that is to take the place of what it is a copy of', () => {
  it('is refused when that has been written to since, is unfinished, or its source is gone', () => {
    const copy = { from: source, complete: true, newer: 0, first: [] };
    expect(reasonOf(copy)).toBeUndefined();
    expect(reasonOf(null)).toBeUndefined();
    expect(reasonOf({ ...copy, newer: 5, first: ['log', 'a\u001b[2J'] })).toMatch(
      /^new, for \/data\/ of plain, is a copy of \/var\/lib\/docker\/volumes\/old\/_data that has been written to since \(5 paths: log, a[^\u001b]*, …\)/,
    );
    expect(reasonOf({ ...copy, complete: false })).toMatch(/was begun and never completed/);
    expect(reasonOf({ ...copy, newer: -1 })).toMatch(/not there any more/);
    expect(reasonOf({ ...copy, from: `${source}/sub`, newer: 1 })).toMatch(/written to since \(one path\)/);
  });

  it('is of no concern where it is a copy of something else', () => {
    expect(reasonOf({ from: '/srv/other', complete: true, newer: 7, first: [] })).toBeUndefined();
  });

  it('is asked about once it is known where it lies', () => {
    expect(asked(mounts, new Answers())).toEqual([ask(volumes).key]);
    expect(asked(mounts, new Answers().set(ask(volumes), [volume]))).toEqual([
      ask(volumes).key,
      askCopiedInto(mountpoint).key,
    ]);
    expect(asked({ '/a': { bind: '/srv' }, '/b': null }, new Answers())).toEqual([askCopiedInto('/srv').key]);
    expect(asked(undefined, new Answers())).toEqual([]);
  });
});
