/** One thing's use at one moment. */
export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly used: number;
}

/** How the use of one thing has changed over the kept surveys. */
export type Trend =
  | { readonly kind: 'unknown'; readonly reason: string; readonly points: number }
  | {
      readonly kind: 'growing' | 'not growing';
      /** Bytes; negative when it shrinks. */
      readonly perDay: number;
      /** Null when it does not grow, or has no size. */
      readonly daysToFull: number | null;
      /** R²: 1 when it grows evenly, 0 when time does not explain it at all. */
      readonly fit: number;
      readonly points: number;
      readonly days: number;
    };

/** Two points are always on a line, so they say nothing about how even it is. */
const fewestPoints = 3;
const shortestMs = 3_600_000;
const dayMs = 86_400_000;

/** Linear regression; from what is used now, and not from where the line is now, to `size`. */
export function trendOf(points: readonly Point[], size: number | null): Trend {
  const sorted = points.toSorted((a, b) => a.at - b.at);
  const [oldest, newest] = [sorted[0], sorted.at(-1)];
  if (oldest === undefined || newest === undefined || sorted.length < fewestPoints) {
    return {
      kind: 'unknown',
      reason: `${String(sorted.length)} of at least ${String(fewestPoints)} surveys`,
      points: sorted.length,
    };
  }
  const span = newest.at - oldest.at;
  if (span < shortestMs)
    return { kind: 'unknown', reason: 'the surveys span less than an hour', points: sorted.length };
  const { slope, fit } = regression(sorted.map(({ at, used }) => ({ x: (at - oldest.at) / dayMs, y: used })));
  const growing = slope > 0 && fit > 0;
  const left = size === null ? null : Math.max(0, size - newest.used);
  return {
    kind: growing ? 'growing' : 'not growing',
    perDay: slope,
    daysToFull: growing && left !== null ? left / slope : null,
    fit,
    points: sorted.length,
    days: span / dayMs,
  };
}

/** Least squares. */
function regression(points: readonly { readonly x: number; readonly y: number }[]): {
  readonly slope: number;
  readonly fit: number;
} {
  const mean = (of: (point: { readonly x: number; readonly y: number }) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [middleX, middleY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const xx = mean(({ x }) => (x - middleX) ** 2);
  const yy = mean(({ y }) => (y - middleY) ** 2);
  const xy = mean(({ x, y }) => (x - middleX) * (y - middleY));
  if (xx === 0) return { slope: 0, fit: 0 };
  return { slope: xy / xx, fit: yy === 0 ? 0 : xy ** 2 / (xx * yy) };
}
