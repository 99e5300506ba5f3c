/**
 * Names as compact sets: `web-01` … `web-40` is `web-[01-40]`, zero padding kept; several sets are
 * separated by a comma and a space, in the order in which they first appear. Nothing is lost: the sets
 * expand to exactly the names. When names differ in several numbers, the last of them is folded.
 *
 * @param maxSets how many sets are named before the rest is only counted (`and 271 more`)
 */
export function foldNames(names: readonly string[], maxSets = Infinity): string {
  const sets = foldSets([...new Set(names)]);
  const shown = sets.slice(0, maxSets);
  const left = sets.slice(maxSets).reduce((sum, set) => sum + set.size, 0);
  return [...shown.map((set) => set.text), ...(left > 0 ? [`and ${String(left)} more`] : [])].join(', ');
}

interface NameSet {
  readonly text: string;
  readonly size: number;
}

/** A name split at one of its numbers. */
interface Split {
  readonly before: string;
  readonly digits: string;
  readonly after: string;
}

function foldSets(names: readonly string[]): readonly NameSet[] {
  const sets = new Map<string, { readonly split: Split; readonly digits: string[] }>();
  const varying = varyingNumbers(names);
  for (const name of names) {
    const split = splitAt(name, varying.get(skeleton(name)));
    // A space cannot be part of a name, so the key is unambiguous.
    const key = split.digits === '' ? `${name} ` : `${split.before} ${split.after}`;
    const set = sets.get(key) ?? { split, digits: [] };
    set.digits.push(split.digits);
    sets.set(key, set);
  }
  return [...sets.values()].map(({ split, digits }) => {
    const [only = '', ...others] = digits;
    const middle = others.length === 0 ? only : `[${ranges(digits).join(',')}]`;
    return { text: `${split.before}${middle}${split.after}`, size: digits.length };
  });
}

// More than nine digits is an identifier, not a count.
const number = /(?<!\d)\d{1,9}(?!\d)/g;

function skeleton(name: string): string {
  return name.replaceAll(number, '#');
}

/** For each skeleton, which of its numbers to fold: the last one that is not the same in all its names. */
function varyingNumbers(names: readonly string[]): ReadonlyMap<string, number> {
  const first = new Map<string, readonly string[]>();
  const varying = new Map<string, number>();
  for (const name of names) {
    const digits = name.match(number) ?? [];
    const key = skeleton(name);
    const reference = first.get(key) ?? digits;
    first.set(key, reference);
    const differs = digits.findLastIndex((text, index) => text !== reference[index]);
    if (differs > (varying.get(key) ?? -1)) varying.set(key, differs);
  }
  return varying;
}

function splitAt(name: string, which: number | undefined): Split {
  const match = which === undefined ? undefined : [...name.matchAll(number)][which];
  if (match === undefined) return { before: name, digits: '', after: '' };
  return { before: name.slice(0, match.index), digits: match[0], after: name.slice(match.index + match[0].length) };
}

function ranges(digits: readonly string[]): readonly string[] {
  const widths = new Set(digits.filter(isPadded).map((text) => text.length));
  // `10` after `09` belongs with the padded ones; beside `9` it does not.
  const width = (text: string): number =>
    Math.max(0, ...[...widths].filter((each) => each === text.length || (each < text.length && !isPadded(text))));
  const sorted = digits.toSorted((a, b) => width(a) - width(b) || Number(a) - Number(b));
  const runs: { first: string; last: string }[] = [];
  for (const text of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && text === following(run)) run.last = text;
    else runs.push({ first: text, last: text });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
}

function isPadded(text: string): boolean {
  return text.length > 1 && text.startsWith('0');
}

/** What expanding a range would give next: its first number says how wide. */
function following(run: { readonly first: string; readonly last: string }): string {
  return String(Number(run.last) + 1).padStart(isPadded(run.first) ? run.first.length : 0, '0');
}
