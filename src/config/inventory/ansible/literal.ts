import type { Json } from '../../../values/json.ts';

/** What a text of an INI file is when Python takes it for a literal (`ast.literal_eval`); undefined where it stays text. */
export function pythonLiteral(text: string): { readonly value: Json } | undefined {
  // What nearly every value is: a word, an address, a path. Of these only numbers and three words are literals.
  if (/^[\w./:@~-]*$/.test(text) && !/^[-+]*[0-9.][\w.]*$|^(?:True|False|None)$/.test(text)) return undefined;
  if (/^[A-Za-z/~$@%*]/.test(text) && !/^(?:True|False|None|set\(|[rRuU]["'])/.test(text)) return undefined;
  try {
    const parser = new Parser(text);
    return { value: parser.whole() };
  } catch (thrown) {
    if (thrown instanceof NoLiteral) return undefined;
    throw thrown;
  }
}

class NoLiteral extends Error {}
/** The only one: to make one for each of many thousand values would take longer than all the rest. */
const noLiteral = new NoLiteral();

const maxDepth = 64;
const number =
  /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*|\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?)(?![\w.])/y;
const string =
  /([rRuU]?)("""(?:[^\\]|\\[^])*?"""|'''(?:[^\\]|\\[^])*?'''|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*')/y;
const word = /(?:True|False|None)(?!\w)/y;

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Json {
    this.#blank(false);
    const first = this.#value(0);
    this.#blank(false);
    if (this.#peek() !== ',') {
      this.#end();
      return first;
    }
    // A tuple needs no parentheses.
    const items = [first];
    while (this.#take(',')) {
      this.#blank(false);
      if (this.#at >= this.#text.length || this.#peek() === '#') break;
      items.push(this.#value(0));
      this.#blank(false);
    }
    this.#end();
    return items;
  }

  #end(): void {
    this.#blank(false);
    if (this.#peek() === '#') this.#at = this.#text.length;
    if (this.#at < this.#text.length) throw noLiteral;
  }

  #value(depth: number): Json {
    if (depth > maxDepth) throw noLiteral;
    const next = this.#peek();
    if (next === '[') return this.#list(']', depth);
    if (next === '(') return this.#parenthesis(depth);
    if (next === '{') return this.#braces(depth);
    if (next === '-' || next === '+') {
      this.#at += 1;
      this.#blank(depth > 0);
      const value = this.#value(depth + 1);
      if (typeof value !== 'number') throw noLiteral;
      return next === '-' ? -value : value;
    }
    if (this.#text.startsWith('set()', this.#at)) {
      this.#at += 5;
      return [];
    }
    const found = this.#match(word);
    if (found !== undefined) return found[0] === 'None' ? null : found[0] === 'True';
    return this.#number() ?? this.#strings(depth);
  }

  #number(): Json | undefined {
    const found = this.#match(number);
    if (found === undefined) return undefined;
    const digits = found[0].replaceAll('_', '');
    // No number of Python's has zeros before it, but zero itself.
    if (/^0\d*[1-9]\d*$/.test(digits)) throw noLiteral;
    const value = Number(digits);
    if (!Number.isFinite(value)) throw noLiteral;
    // What no number here can hold stays as it is written.
    return Number.isInteger(value) && !Number.isSafeInteger(value) && /^\d+$/.test(digits) ? digits : value;
  }

  /** Several that stand beside one another are one. */
  #strings(depth: number): string {
    let whole: string | undefined;
    for (let found = this.#match(string); found !== undefined; found = this.#match(string)) {
      const [, prefix = '', quoted = ''] = found;
      const marks = /^(?:"""|''')/.test(quoted) ? 3 : 1;
      const inner = quoted.slice(marks, -marks);
      whole = (whole ?? '') + (/r/i.test(prefix) ? inner : unescaped(inner));
      this.#blank(depth > 0);
    }
    if (whole === undefined) throw noLiteral;
    return whole;
  }

  #parenthesis(depth: number): Json {
    const start = this.#at;
    const items = this.#list(')', depth);
    // With one value and no comma it is that value.
    return items.length === 1 && !/,[\s]*\)$/.test(this.#text.slice(start, this.#at)) ? (items[0] ?? null) : items;
  }

  #list(close: string, depth: number): Json[] {
    this.#at += 1;
    const items: Json[] = [];
    for (;;) {
      this.#blank(true);
      if (this.#take(close)) return items;
      items.push(this.#value(depth + 1));
      this.#blank(true);
      if (!this.#take(',') && this.#peek() !== close) throw noLiteral;
    }
  }

  /** A dict, or a set. */
  #braces(depth: number): Json {
    this.#at += 1;
    const entries: [string, Json][] = [];
    const items: Json[] = [];
    for (;;) {
      this.#blank(true);
      if (this.#take('}')) return items.length > 0 ? items : Object.fromEntries(entries);
      const key = this.#value(depth + 1);
      this.#blank(true);
      if (this.#take(':')) {
        this.#blank(true);
        entries.push([typeof key === 'string' ? key : pythonText(key), this.#value(depth + 1)]);
      } else items.push(key);
      if (items.length > 0 && entries.length > 0) throw noLiteral;
      this.#blank(true);
      if (!this.#take(',') && this.#peek() !== '}') throw noLiteral;
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  /** Within brackets a comment may stand, too. */
  #blank(lines: boolean): void {
    const found = this.#match(lines ? /(?:\s|#[^\n]*\n)*/y : /[ \t\f]*/y);
    if (found === undefined) throw noLiteral;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([xuUN])|([^]))/g,
    (
      whole: string,
      x: string | undefined,
      u: string | undefined,
      long: string | undefined,
      octal: string | undefined,
      broken: string | undefined,
      other: string | undefined,
    ) => {
      const hexadecimal = x ?? u ?? long;
      if (broken !== undefined) throw noLiteral;
      const code = hexadecimal === undefined ? parseInt(octal ?? '0', 8) : parseInt(hexadecimal, 16);
      if (code > 0x10ffff) throw noLiteral;
      return other === undefined ? String.fromCodePoint(code) : (escapes[other] ?? whole);
    },
  );
}

/** As Python prints it where a text is wanted. */
export function pythonText(value: Json): string {
  if (typeof value === 'string') return value;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}
