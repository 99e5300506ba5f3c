import type { Secret } from '../../values/secret.ts';
import { Automaton } from './automaton.ts';
import { formsOf, shortestInData, shortestSecret } from './forms.ts';

const mask = '***';
/** Where a text has been shortened for people (values/terminal.ts). */
const ellipsis = '…'.charCodeAt(0);

/** Takes the secrets of a host out of what the host says, in every form of `formsOf`. */
export class Redaction {
  readonly #inText: Automaton;
  readonly #inData: Automaton;

  constructor(secrets: Iterable<Secret>) {
    const values = [...new Set([...secrets].map((secret) => secret.reveal()))];
    this.#inText = new Automaton(values.flatMap((value) => formsOf(value, shortestSecret)));
    this.#inData = new Automaton(values.flatMap((value) => formsOf(value, shortestInData)));
  }

  /** `isCut`: the text goes on, and the rest of it is not to be had. */
  text(text: string, isCut = false): string {
    if (this.#inText.isEmpty) return text;
    const stream = this.stream();
    return stream.push(text) + stream.end(isCut);
  }

  stream(): RedactedStream {
    return new RedactedStream(this.#inText);
  }

  /** Whether a text that is to be parsed, and could not be parsed any more with something taken out of it, holds a secret. */
  isIn(data: string): boolean {
    if (this.#inData.isEmpty) return false;
    let state = 0;
    for (let at = 0; at < data.length; at += 1) {
      state = this.#inData.next(state, data.charCodeAt(at));
      if (this.#inData.found(state) > 0) return true;
    }
    return false;
  }

  /**
   * Where a text may be cut, at `wanted` or before it, so that no secret is cut in two, nor what may turn
   * out to be the beginning of one; and how much of the redacted text that is.
   */
  cut(text: string, wanted: number): { readonly at: number; readonly shownAt: number } {
    const stream = this.stream();
    stream.push(text);
    const { spans, settled } = stream.seen;
    const before = Math.min(wanted, settled);
    const at = spans.find(({ start, end }) => start < before && before < end)?.start ?? before;
    return { at, shownAt: this.text(text.slice(0, at)).length };
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The same for a text that comes in pieces: whatever may still turn out to be the beginning of a secret is
 * kept back until the next piece, or the end. Secrets that overlap are taken out as one, so that of none of
 * them a part is left.
 */
export class RedactedStream {
  readonly #automaton: Automaton;
  #state = 0;
  /** What has come and is not passed on yet, and where in it there are secrets. */
  #pending = '';
  #spans: Span[] = [];
  /** What was passed on last was a secret: one that touches it belongs to it. */
  #open = false;
  #seen: { readonly spans: readonly Span[]; readonly settled: number } = { spans: [], settled: 0 };

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
  }

  /** What the last `push` has found in what was pending then and what it was given. */
  get seen(): { readonly spans: readonly Span[]; readonly settled: number } {
    return this.#seen;
  }

  push(text: string): string {
    if (this.#automaton.isEmpty) {
      this.#seen = { spans: [], settled: text.length };
      return text;
    }
    const from = this.#pending.length;
    this.#pending += text;
    for (let at = from; at < this.#pending.length; at += 1) {
      const character = this.#pending.charCodeAt(at);
      if (character === ellipsis) this.#shortened(at);
      this.#state = this.#automaton.next(this.#state, character);
      const found = this.#automaton.found(this.#state);
      if (found > 0) this.#mark({ start: at + 1 - found, end: at + 1 });
    }
    const settled = this.#pending.length - this.#automaton.depth(this.#state);
    this.#seen = { spans: [...this.#spans], settled };
    return this.#pass(settled);
  }

  /** `isCut`: what could be the beginning of a secret is taken for one, since nobody will know. */
  end(isCut = false): string {
    if (isCut) this.#shortened(this.#pending.length);
    this.#state = 0;
    return this.#pass(this.#pending.length);
  }

  /** Somebody has shortened the text here: what is there of a secret is as good as one. */
  #shortened(at: number): void {
    const depth = this.#automaton.depth(this.#state);
    if (depth >= shortestSecret) this.#mark({ start: at - depth, end: at });
  }

  #mark(span: Span): void {
    let { start } = span;
    for (let last = this.#spans.at(-1); last !== undefined && last.end >= start; last = this.#spans.at(-1)) {
      start = Math.min(start, last.start);
      this.#spans.pop();
    }
    this.#spans.push({ start, end: span.end });
  }

  #pass(upTo: number): string {
    let shown = '';
    let at = 0;
    for (const { start, end } of this.#spans) {
      if (start >= upTo) break;
      if (start > at) shown += this.#plain(at, start);
      if (!this.#open) shown += mask;
      this.#open = true;
      at = Math.min(end, upTo);
    }
    if (at < upTo) shown += this.#plain(at, upTo);
    this.#spans = this.#spans
      .filter(({ end }) => end > upTo)
      .map(({ start, end }) => ({ start: Math.max(start - upTo, 0), end: end - upTo }));
    this.#pending = this.#pending.slice(upTo);
    return shown;
  }

  #plain(from: number, to: number): string {
    this.#open = false;
    return this.#pending.slice(from, to);
  }
}
