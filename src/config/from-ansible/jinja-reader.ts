import { NotJinja, type Token } from './jinja-tokens.ts';

/** A word of an expression that is Ansible's, with what is here instead, or why there is nothing. */
export interface Said {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly here?: string;
  readonly nothing?: string;
}

/** What is read, and what was said of it; deeper than this nobody writes, and a stack ends somewhere. */
const deepest = 60;

export abstract class Reader {
  readonly said: Said[] = [];
  readonly bare: Said[] = [];
  protected readonly known: ReadonlySet<string>;
  protected tokens: readonly Token[] = [];
  protected at = 0;
  protected depth = 0;

  constructor(known: ReadonlySet<string>) {
    this.known = known;
  }

  protected peek(ahead = 0): string | undefined {
    const token = this.tokens[this.at + ahead];
    return token?.kind === 'text' ? undefined : token?.text;
  }

  protected next(): Token {
    const token = this.tokens[this.at];
    if (token === undefined) throw new NotJinja();
    this.at += 1;
    return token;
  }

  protected take(text: string): boolean {
    if (this.peek() !== text) return false;
    this.at += 1;
    return true;
  }

  protected expect(text: string): void {
    if (!this.take(text)) throw new NotJinja();
  }

  /** The tokens from one to the one that was read last are Ansible's. */
  protected say(from: number, word: string, what: { readonly here?: string; readonly nothing?: string }): void {
    const start = this.tokens[from]?.start ?? 0;
    const end = this.tokens[this.at - 1]?.end ?? start + 1;
    this.said.push({ word, start, end, ...what });
  }

  /** Reads something that may hold the like of itself. */
  protected deeper<Read>(read: () => Read): Read {
    this.depth += 1;
    if (this.depth > deepest) throw new NotJinja();
    const result = read();
    this.depth -= 1;
    return result;
  }
}
