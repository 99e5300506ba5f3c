import type { Figure } from './figure.ts';

export const orders = ['use', 'used', 'size', 'host', 'name', 'growth', 'full'] as const;
export type Order = (typeof orders)[number];

/** What is unknown comes last, whichever way the rest is sorted. */
function byNumber(value: (figure: Figure) => number | null, direction: 1 | -1): (a: Figure, b: Figure) => number {
  return (a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1;
    return (one - other) * direction;
  };
}

const comparisons: Readonly<Record<Order, (a: Figure, b: Figure) => number>> = {
  use: byNumber(({ use }) => use, -1),
  used: byNumber(({ used }) => used, -1),
  size: byNumber(({ size }) => size, -1),
  host: byText(({ host }) => host),
  name: byText(({ name }) => name),
  growth: byNumber(growthOf, -1),
  full: byNumber(daysToFull, 1),
};

function byText(value: (figure: Figure) => string): (a: Figure, b: Figure) => number {
  return (a, b) => value(a).localeCompare(value(b), 'en', { numeric: true });
}

export function growthOf({ trend }: Figure): number | null {
  return trend === null || trend.kind === 'unknown' ? null : trend.perDay;
}

export function daysToFull({ trend }: Figure): number | null {
  return trend === null || trend.kind === 'unknown' ? null : trend.daysToFull;
}

/** Sorted, and only those that are fuller than `over` (0.8: four fifths). Equal ones stay in the order in which they came. */
export function chooseFigures(figures: readonly Figure[], order: Order, over: number | undefined): readonly Figure[] {
  return figures.filter(({ use }) => over === undefined || (use !== null && use > over)).toSorted(comparisons[order]);
}
