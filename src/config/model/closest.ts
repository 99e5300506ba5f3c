/** Edits from one word to the other; two neighbours that changed places are one edit. */
function distance(wholeA: string, wholeB: string): number {
  // What they begin and end with in common costs no edit; names of a fleet have most in common.
  const shorter = Math.min(wholeA.length, wholeB.length);
  let head = 0;
  while (head < shorter && wholeA[head] === wholeB[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && wholeA.at(-1 - tail) === wholeB.at(-1 - tail)) tail += 1;
  const a = wholeA.slice(head, wholeA.length - tail);
  const b = wholeB.slice(head, wholeB.length - tail);
  let before: readonly number[] = [];
  let previous: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substituted = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped =
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? (before[column - 2] ?? Infinity) + 1 : Infinity;
      current.push(Math.min(substituted, swapped, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

const folded = (word: string): string => word.toLowerCase().replaceAll('-', '_');

/** The candidate that was probably meant: at most two edits away, and fewer for a short word. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = word.length <= 3 ? 1 : 2;
  const written = folded(word);
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const edits = distance(written, folded(candidate));
    if (edits <= limit && edits < (best?.edits ?? Infinity)) best = { candidate, edits };
  }
  return best?.candidate;
}

/** How many candidates are looked at for all words of one kind together: a whole fleet may be misspelt. */
const maxLooks = 1_000_000;

/** Suggestions out of the same candidates for many words. When looking has taken too long, words go without one. */
export class Suggestions {
  readonly #candidates: () => Iterable<string>;
  readonly #known = new Map<string, string | undefined>();
  #list: readonly string[] | undefined;
  #looks = 0;

  constructor(candidates: () => Iterable<string>) {
    this.#candidates = candidates;
  }

  closest(word: string): string | undefined {
    if (this.#known.has(word)) return this.#known.get(word);
    this.#list ??= [...this.#candidates()];
    this.#looks += this.#list.length;
    const found = this.#looks > maxLooks ? undefined : closest(word, this.#list);
    this.#known.set(word, found);
    return found;
  }

  didYouMean(word: string): string {
    const found = this.closest(word);
    return found === undefined ? '' : `; did you mean "${found}"?`;
  }
}

/** The end of a sentence about an unknown word: `; did you mean "user"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates);
  return found === undefined ? '' : `; did you mean "${found}"?`;
}
