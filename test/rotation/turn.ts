import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Of what takes too long for every commit, each has its turn once in so many commits that follow one another. */
export const commitsOfARotation = { faults: 6, lab: 12 };

export const root = join(import.meta.dirname, '../..');

/** What git prints; undefined where there is no git, or it is no checkout. */
export function git(...args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', [...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/**
 * The number of the commit in its history, so that commits that follow one another take different turns.
 * $PLIMSOLL_TURN repeats another one.
 */
export function thisTurn(): number {
  const given = process.env['PLIMSOLL_TURN'] ?? git('rev-list', '--count', 'HEAD') ?? '0';
  if (!/^\d{1,9}$/.test(given)) throw new Error(`PLIMSOLL_TURN is no number: ${given}`);
  process.env['PLIMSOLL_TURN'] = given;
  return Number(given);
}

export function isDue(index: number, turn: number, commits: number): boolean {
  return index % commits === turn % commits;
}

/**
 * So many of the items, spread evenly over all of them; the next ones each time the rotation begins anew, so that
 * after enough rotations each item has been among them.
 */
export function dueOf<Item>(items: readonly Item[], each: number, turn: number): readonly Item[] {
  if (items.length <= each) return items;
  const rotation = Math.floor(turn / commitsOfARotation.faults);
  const step = stepThrough(items.length);
  const chosen = Array.from({ length: each }, (_, index) => ((rotation * each + index) * step) % items.length);
  return chosen
    .toSorted((a, b) => a - b)
    .map((index) => items[index])
    .filter((item) => item !== undefined);
}

/** A step that comes to every index before it comes to one again, and whose first few are far from one another. */
function stepThrough(length: number): number {
  let step = Math.max(1, Math.round(length * 0.618));
  while (commonDivisor(step, length) !== 1) step += 1;
  return step;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
