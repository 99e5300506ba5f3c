import { describe, expect, it } from 'vitest';
import type { Point } from '../../src/survey/trend.ts';
import { trendOf } from '../../src/survey/trend.ts';

const gib = 1024 ** 3;
const dayMs = 86_400_000;
const days = (...used: readonly number[]): readonly Point[] =>
  used.map((gigabytes, day) => ({ at: day * dayMs, used: gigabytes * gib }));

describe('the trend of one figure', () => {
  it('is a line through the surveys, from what is used now to its size', () => {
    expect(trendOf(days(1, 2, 3, 4), 10 * gib)).toEqual({
      kind: 'growing',
      perDay: gib,
      daysToFull: 6,
      fit: 1,
      points: 4,
      days: 3,
    });
  });

  it('takes surveys in any order, and is uneven when they do not lie on the line', () => {
    const trend = trendOf([...days(1, 5, 1, 6)].reverse(), 10 * gib);
    expect(trend).toMatchObject({ kind: 'growing', points: 4 });
    expect(trend.kind === 'growing' ? trend.fit : 1).toBeLessThan(0.5);
  });

  it.each([
    ['nothing changes', days(3, 3, 3)],
    ['it shrinks', days(5, 4, 3)],
  ])('has no day on which it is full when %s', (_why, points) => {
    expect(trendOf(points, 10 * gib)).toMatchObject({ kind: 'not growing', daysToFull: null });
  });

  it('that has no size of its own grows, and is never full', () => {
    expect(trendOf(days(1, 2, 3), null)).toMatchObject({ kind: 'growing', perDay: gib, daysToFull: null });
  });

  it('is full today when it is', () => {
    expect(trendOf(days(8, 9, 11), 10 * gib)).toMatchObject({ daysToFull: 0 });
  });

  it.each([
    ['no survey', [], '0 of at least 3 surveys'],
    ['two of them', days(1, 2), '2 of at least 3 surveys'],
    [
      'three within minutes',
      days(1, 2, 3).map(({ used }, minute) => ({ at: minute * 60_000, used })),
      'the surveys span less than an hour',
    ],
  ])('says that nothing can be said after %s', (_what, points, reason) => {
    expect(trendOf(points, 10 * gib)).toEqual({ kind: 'unknown', reason, points: points.length });
  });

  it('is not thrown off its line by surveys of the same moment', () => {
    const same = Array.from({ length: 3 }, () => ({ at: 0, used: gib }));
    expect(trendOf(same, 10 * gib)).toMatchObject({ kind: 'unknown' });
  });
});
