import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchSize } from '../../../src/config/model/types.ts';
import { exceeds, wavesOf } from '../../../src/run/applying/batch.ts';

const count = (number: number): BatchSize => ({ kind: 'count', count: number });
const percent = (number: number): BatchSize => ({ kind: 'percent', percent: number });
const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 40 }).map(count), fc.integer({ min: 1, max: 100 }).map(percent)),
  { minLength: 1, maxLength: 5 },
);

describe('the waves of a play', () => {
  it.each([
    [10, [percent(100)], [10]],
    [10, [count(1), percent(10), percent(100)], [1, 1, 8]],
    [40, [count(1), percent(10), percent(100)], [1, 4, 35]],
    [10, [count(4)], [4, 4, 2]],
    [4, [percent(10)], [1, 1, 1, 1]],
    [3, [count(5), count(1)], [3]],
    [7, [percent(50)], [3, 3, 1]],
    [0, [count(1)], []],
  ])('%i hosts by %j: %j', (hosts, batch, lengths) => {
    expect(
      wavesOf(
        Array.from({ length: hosts }, (_, number) => number),
        batch,
      ).map(({ length }) => length),
    ).toEqual(lengths);
  });

  it('are all of the hosts, once each, in their order, and none is empty; the last size repeats', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { maxLength: 200 }), sizes, (hosts, batch) => {
        const waves = wavesOf(hosts, batch);
        expect(waves.flat()).toEqual(hosts);
        expect(waves.every(({ length }) => length > 0)).toBe(true);
        const repeated = waves.slice(batch.length - 1, -1).map(({ length }) => length);
        expect(new Set(repeated).size).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('failures that stop the next wave', () => {
  it.each([
    [0, count(0), 10, false],
    [1, count(0), 10, true],
    [2, count(2), 10, false],
    [3, count(2), 10, true],
    [0, percent(5), 10, false],
    [1, percent(5), 10, true],
    [2, percent(5), 40, false],
    [3, percent(5), 40, true],
    [10, percent(100), 10, false],
  ])('%i of at most %j in %i hosts: %s', (failures, most, total, stops) => {
    expect(exceeds(failures, most, total)).toBe(stops);
  });
});
