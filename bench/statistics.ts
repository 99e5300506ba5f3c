export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return { min: at(0), median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, max: at(sorted.length - 1) };
}

/** Of measurements of one round each, so that what slows down the machine for a while slows down both. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): Spread {
  return spread(quotients(numerators, denominators));
}

export function quotients(numerators: readonly number[], denominators: readonly number[]): readonly number[] {
  return numerators.map((value, round) => value / (denominators[round] ?? Number.NaN));
}

/**
 * Where the true median lies with a probability of at least 95 %, whatever the values' distribution
 * (between two order statistics, as in the sign test). Undefined for fewer than six values.
 */
export function medianInterval(values: readonly number[]): readonly [number, number] | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  let rank = 0;
  let term = 0.5 ** sorted.length;
  for (let below = term; below <= 0.025; below += term) {
    rank += 1;
    term *= (sorted.length - rank + 1) / rank;
  }
  const [low, high] = [sorted[rank - 1], sorted[sorted.length - rank]];
  return low === undefined || high === undefined ? undefined : [low, high];
}
