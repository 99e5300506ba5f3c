import { operations } from '../../src/operations/registry.ts';
import { changedFiles, touchedBy } from './touched.ts';
import { commitsOfARotation, dueOf, isDue, thisTurn } from './turn.ts';

/** What a run of the fault suite or the lab tries, of what takes too long for every commit. */
export interface Choice {
  /** Everything, whatever it takes. */
  readonly all: boolean;
  readonly turn: number;
  /** Operations that the change touches: they are tried whatever the turn is. */
  readonly touched: readonly string[];
  /** Files of the source, the lab and its tests that have changed, and cases of operations. */
  readonly changed: readonly string[];
}

/** When something has changed that all operations need, or more of them than there is time for, these stand for all. */
const inPlaceOfAll = ['command', 'upload', 'grow_rootfs', 'scaled_volume'];
const mostTouched = 8;
const variable = 'PLIMSOLL_CHOICE';

/**
 * Made once, by the process that starts the tests, and the same in every process that it starts. `all`: the variable
 * that asks for everything.
 */
export function choose(all: 'PLIMSOLL_FAULTS' | 'PLIMSOLL_LAB'): Choice {
  const made = process.env[variable];
  if (made !== undefined) return JSON.parse(made) as Choice;
  // Of the others nobody asks, and an environment does not hold everything.
  const changed = changedFiles().filter((file) => /^(src|lab|test\/lab)\/|\.cases\.ts$/.test(file));
  const touched = touchedBy(changed, [...operations.keys()]);
  const own = touched.operations.length > mostTouched ? [] : touched.operations;
  const standing = touched.core || own.length < touched.operations.length ? inPlaceOfAll : [];
  const choice = {
    all: process.env[all] === 'all',
    turn: thisTurn(),
    touched: [...new Set([...own, ...standing])],
    changed,
  };
  process.env[variable] = JSON.stringify(choice);
  return choice;
}

/** Those whose turn it is, and those that the change touches. */
export function chosen<Item>(
  items: readonly Item[],
  operationOf: (item: Item) => string,
  { all, turn, touched }: Choice,
): readonly Item[] {
  return items.filter(
    (item, index) => all || isDue(index, turn, commitsOfARotation.faults) || touched.includes(operationOf(item)),
  );
}

/** The moments of one case that are tried: all of them, or so many. */
export function moments<Item>(items: readonly Item[], each: number, { all, turn }: Choice): readonly Item[] {
  return all ? items : dueOf(items, each, turn);
}

export function say({ all, turn, touched }: Choice, commits: number, everything: string): string {
  if (all) return 'Everything was tried.';
  return [
    `Tried: turn ${String(turn)}, one of ${String(commits)} that cover everything, and what the change touches: ${touched.join(', ') || 'nothing'}.`,
    `  the same again: PLIMSOLL_TURN=${String(turn)}   everything: ${everything}`,
  ].join('\n');
}
