/**
 * Finds many texts at once in a stream of characters, in one pass (Aho and Corasick). States are numbers,
 * 0 is the start. What has been read last is, up to `depth` of it, the beginning of one of the texts.
 */
export class Automaton {
  /** From a state by a character: the key is both of them. */
  readonly #edges = new Map<number, number>();
  /** Where the longest end of what has been read goes on that is the beginning of another text. */
  readonly #fallback: number[] = [0];
  readonly #depth: number[] = [0];
  /** How long the longest text is that ends in a state; 0: none does. */
  readonly #found: number[] = [0];

  constructor(texts: Iterable<string>) {
    for (const text of texts) this.#add(text);
    this.#link();
  }

  get isEmpty(): boolean {
    return this.#depth.length === 1;
  }

  next(state: number, character: number): number {
    for (let from = state; ; from = this.#fallback[from] ?? 0) {
      const to = this.#edges.get(edge(from, character));
      if (to !== undefined) return to;
      if (from === 0) return 0;
    }
  }

  depth(state: number): number {
    return this.#depth[state] ?? 0;
  }

  found(state: number): number {
    return this.#found[state] ?? 0;
  }

  #add(text: string): void {
    let state = 0;
    for (let at = 0; at < text.length; at += 1) {
      const key = edge(state, text.charCodeAt(at));
      let to = this.#edges.get(key);
      if (to === undefined) {
        to = this.#depth.length;
        this.#edges.set(key, to);
        this.#depth.push(at + 1);
        this.#fallback.push(0);
        this.#found.push(0);
      }
      state = to;
    }
    if (state !== 0) this.#found[state] = text.length;
  }

  /** The shallow states first: a fallback is always shallower. */
  #link(): void {
    const edges = [...this.#edges].sort(([, a], [, b]) => this.depth(a) - this.depth(b));
    for (const [key, to] of edges) {
      const from = Math.floor(key / characters);
      if (from !== 0) this.#fallback[to] = this.next(this.#fallback[from] ?? 0, key % characters);
      this.#found[to] = Math.max(this.found(to), this.found(this.#fallback[to] ?? 0));
    }
  }
}

const characters = 0x1_0000;

function edge(state: number, character: number): number {
  return state * characters + character;
}
