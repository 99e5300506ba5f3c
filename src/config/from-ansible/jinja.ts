import { filters, magicNames, methods, otherMagic, registerKeys, tests, type MagicName } from './jinja-words.ts';
import { NotJinja, tokensOf, type Token } from './jinja-tokens.ts';

/** A word of an expression that is Ansible's, with what is here instead, or why there is nothing. */
export interface Said {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly here?: string;
  readonly nothing?: string;
}

export interface FromJinja {
  /** The expression in CEL; absent when something in it has no equivalent. */
  readonly cel?: string;
  /** What of it is Ansible's, in its order. */
  readonly said: readonly Said[];
  /** Names of variables that stand there without `vars.`. */
  readonly bare: readonly Said[];
}

/** Reads an expression as Ansible would, and says it in CEL. `known` are the names that an expression can read here. */
export function fromJinja(text: string, known: ReadonlySet<string>): FromJinja {
  const reader = new Reader(known);
  let cel: string | undefined;
  try {
    cel = reader.whole(tokensOf(text));
  } catch (thrown) {
    if (!(thrown instanceof NotJinja)) throw thrown;
  }
  const { said, bare } = reader;
  const nothing = said.some((word) => word.nothing !== undefined);
  return { said, bare, ...(cel === undefined || nothing ? {} : { cel }) };
}

/** How tightly a piece of CEL holds together. */
const Holds = { choice: 0, or: 1, and: 2, compare: 3, sum: 4, product: 5, sign: 6, name: 7 } as const;

interface Piece {
  readonly cel: string;
  readonly holds: number;
  /** Of a plain reading: `vars`, `a`, `b` of `vars.a.b`. */
  readonly chain?: readonly string[];
}

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);
const sums: Readonly<Record<string, string>> = { '+': '+', '-': '-', '~': '+' };
const products = new Set(['*', '/', '%']);
/** CEL's own, which may stand there already. */
const functions = new Set(['size', 'has', 'int', 'double', 'string', 'bool', 'type', 'bytes_of']);

class Reader {
  readonly said: Said[] = [];
  readonly bare: Said[] = [];
  readonly #known: ReadonlySet<string>;
  #tokens: readonly Token[] = [];
  #at = 0;

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
  }

  whole(tokens: readonly Token[]): string {
    this.#tokens = tokens;
    const { cel } = this.#choice();
    if (this.#at < tokens.length) throw new NotJinja();
    return cel;
  }

  #peek(ahead = 0): string | undefined {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'text' ? undefined : token?.text;
  }

  #next(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new NotJinja();
    this.#at += 1;
    return token;
  }

  #take(text: string): boolean {
    if (this.#peek() !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new NotJinja();
  }

  /** The tokens from one to the one that was read last are Ansible's. */
  #say(from: number, word: string, what: { readonly here?: string; readonly nothing?: string }): void {
    const start = this.#tokens[from]?.start ?? 0;
    const end = this.#tokens[this.#at - 1]?.end ?? start + 1;
    this.said.push({ word, start, end, ...what });
  }

  #choice(): Piece {
    const value = this.#or();
    const from = this.#at;
    if (this.#take('?')) {
      const yes = this.#or();
      this.#expect(':');
      return join([value, yes, this.#choice()], ' ? ', Holds.choice, ' : ');
    }
    if (!this.#take('if')) return value;
    this.#say(from, 'if … else', { here: '? :' });
    const condition = this.#or();
    if (!this.#take('else')) throw new NotJinja();
    return join([condition, value, this.#choice()], ' ? ', Holds.choice, ' : ');
  }

  #or(): Piece {
    return this.#chainOf('or', '||', Holds.or, () => this.#and());
  }

  #and(): Piece {
    return this.#chainOf('and', '&&', Holds.and, () => this.#not());
  }

  #chainOf(word: string, operator: string, holds: number, read: () => Piece): Piece {
    const pieces = [read()];
    for (;;) {
      const from = this.#at;
      if (this.#take(word)) this.#say(from, word, { here: operator });
      else if (!this.#take(operator)) break;
      pieces.push(read());
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : join(pieces, ` ${operator} `, holds);
  }

  #not(): Piece {
    const from = this.#at;
    if (!this.#take('not')) return this.#comparison();
    this.#say(from, 'not', { here: '!' });
    return not(this.#not());
  }

  #comparison(): Piece {
    let left = this.#sum();
    for (;;) {
      const from = this.#at;
      const negated = this.#peek() === 'not' && this.#peek(1) === 'in';
      if (negated) this.#at += 1;
      const operator = this.#peek() ?? '';
      if (!comparisons.has(operator)) return left;
      this.#at += 1;
      if (negated) this.#say(from, 'not in', { here: '!(… in …)' });
      const at = this.#at - 1;
      const right = this.#sum();
      // `in` a text: that of what a program has printed.
      const printed = operator === 'in' && /^(?:stdout|stderr)$/.test(right.chain?.at(-1) ?? '');
      if (printed) this.#say(at, 'in (of a text)', { here: 'contains()' });
      left = printed
        ? { cel: `${around(right, Holds.name)}.contains(${left.cel})`, holds: Holds.name }
        : join([left, right], ` ${operator} `, Holds.compare);
      if (negated) left = not(left);
    }
  }

  #sum(): Piece {
    return this.#operators(Object.keys(sums), Holds.sum, () => this.#product());
  }

  #product(): Piece {
    return this.#operators([...products], Holds.product, () => this.#sign());
  }

  #operators(operators: readonly string[], holds: number, read: () => Piece): Piece {
    let left = read();
    for (let operator = this.#peek(); operator !== undefined && operators.includes(operator); operator = this.#peek()) {
      const from = this.#at;
      this.#at += 1;
      if (operator === '~') this.#say(from, '~', { here: '+' });
      const right = read();
      // The right side must hold better than the left one: a - (b - c).
      left = {
        cel: `${around(left, holds)} ${sums[operator] ?? operator} ${around(right, holds + 1)}`,
        holds,
      };
    }
    return left;
  }

  #sign(): Piece {
    if (this.#take('!')) return not(this.#sign());
    if (this.#take('-')) return { cel: `-${around(this.#sign(), Holds.sign)}`, holds: Holds.sign };
    return this.#behind(this.#primary());
  }

  #primary(): Piece {
    const from = this.#at;
    const token = this.#next();
    if (token.kind === 'text' || token.kind === 'number') return { cel: token.text, holds: Holds.name };
    if (token.kind === 'name') return this.#name(token, from);
    switch (token.text) {
      case '(': {
        const inner = this.#choice();
        this.#expect(')');
        return inner.holds === Holds.name ? inner : { cel: `(${inner.cel})`, holds: Holds.name };
      }
      case '{{': {
        const inner = this.#choice();
        this.#expect('}}');
        this.#say(from, '{{ }}', { here: 'none: the whole is an expression' });
        return inner;
      }
      case '[':
        return { cel: `[${this.#list(']').join(', ')}]`, holds: Holds.name };
      case '{': {
        const entries: string[] = [];
        while (!this.#take('}')) {
          const key = this.#choice().cel;
          this.#expect(':');
          entries.push(`${key}: ${this.#choice().cel}`);
          if (this.#peek() !== '}') this.#expect(',');
        }
        return { cel: `{${entries.join(', ')}}`, holds: Holds.name };
      }
      default:
        throw new NotJinja();
    }
  }

  #list(end: string): readonly string[] {
    const items: string[] = [];
    while (!this.#take(end)) {
      items.push(this.#choice().cel);
      if (this.#peek() !== end) this.#expect(',');
    }
    return items;
  }

  #name({ text, start, end }: Token, from: number): Piece {
    const plain = /^(?:True|False|None)$/.exec(text) !== null || text === 'none';
    if (plain) {
      const cel = text.toLowerCase() === 'none' ? 'null' : text.toLowerCase();
      this.#say(from, text, { here: cel });
      return { cel, holds: Holds.name };
    }
    if (/^(?:true|false|null)$/.test(text)) return { cel: text, holds: Holds.name };
    if (/^(?:and|or|not|in|is|if|else)$/.test(text)) throw new NotJinja();
    if (this.#known.has(text)) return { cel: text, holds: Holds.name, chain: [text] };
    if (functions.has(text) && this.#peek() === '(') return { cel: text, holds: Holds.name };
    const fact = text === 'ansible_facts' ? this.#factBehind() : undefined;
    const magic = magicOf(fact === undefined ? text : `ansible_${fact}`);
    if (magic !== undefined) {
      this.#say(from, fact === undefined ? text : `${text}.${fact}`, ofMagic(magic));
      return { cel: magic.cel ?? text, holds: Holds.name, chain: (magic.cel ?? text).split('.') };
    }
    this.bare.push({ word: text, start, end, here: `vars.${text}` });
    return { cel: `vars.${text}`, holds: Holds.name, chain: ['vars', text] };
  }

  /** `ansible_facts.kernel` and `ansible_facts["kernel"]` are `ansible_kernel`. */
  #factBehind(): string | undefined {
    const [open, key, close] = this.#tokens.slice(this.#at, this.#at + 3);
    if (open?.text === '.' && key?.kind === 'name') {
      this.#at += 2;
      return key.text;
    }
    if (open?.text !== '[' || key?.kind !== 'text' || close?.text !== ']') return undefined;
    this.#at += 3;
    return key.text.slice(1, -1);
  }

  /** Attributes, calls, filters and tests, which stand behind what they are about. */
  #behind(subject: Piece): Piece {
    let piece = subject;
    for (;;) {
      const from = this.#at;
      if (this.#take('.')) piece = this.#attribute(piece, from);
      else if (this.#take('[')) piece = this.#index(piece);
      else if (this.#take('(')) piece = { cel: `${piece.cel}(${this.#list(')').join(', ')})`, holds: Holds.name };
      else if (this.#take('|')) piece = this.#filter(piece, from);
      else if (this.#take('is')) piece = this.#test(piece, from);
      else return piece;
    }
  }

  #attribute(subject: Piece, from: number): Piece {
    const { text, kind } = this.#next();
    if (kind === 'number') return { cel: `${around(subject, Holds.name)}[${text}]`, holds: Holds.name };
    if (kind !== 'name') throw new NotJinja();
    const method = this.#peek() === '(' ? methods[text] : undefined;
    if (method !== undefined) {
      this.#say(from, `.${text}()`, { here: `.${method}()` });
      return { cel: `${around(subject, Holds.name)}.${method}`, holds: Holds.name };
    }
    const [root, ...keys] = subject.chain ?? [];
    const ofRegister =
      root !== undefined && keys.length === 0 && this.#isRegister(root) ? registerKeys[text] : undefined;
    if (ofRegister !== undefined) this.#say(from, `.${text}`, ofMagic(ofRegister, '.'));
    const key = ofRegister?.cel ?? text;
    return {
      cel: `${around(subject, Holds.name)}.${key}`,
      holds: Holds.name,
      ...(subject.chain === undefined ? {} : { chain: [...subject.chain, key] }),
    };
  }

  #index(subject: Piece): Piece {
    const only = this.#tokens[this.#at];
    const index = this.#choice().cel;
    this.#expect(']');
    const key = only?.kind === 'text' && only.text === index ? /^.(\w+).$/.exec(index)?.[1] : undefined;
    return {
      cel: `${around(subject, Holds.name)}[${index}]`,
      holds: Holds.name,
      ...(subject.chain === undefined || key === undefined ? {} : { chain: [...subject.chain, key] }),
    };
  }

  #isRegister(root: string): boolean {
    return this.#known.has(root) && !['vars', 'host', 'facts', 'item'].includes(root);
  }

  #filter(subject: Piece, from: number): Piece {
    const name = this.#next();
    if (name.kind !== 'name') throw new NotJinja();
    const args = this.#take('(') ? this.#list(')') : [];
    const word = `| ${name.text}`;
    if (name.text === 'default' || name.text === 'd') {
      const has = hasAll(subject);
      const [otherwise = '""', empty] = args;
      this.#say(from, word, has === undefined ? nothingFor('filter', name.text) : { here: 'has(x) ? x : …' });
      const there = empty === 'true' ? `${has ?? ''} && ${subject.cel} != ""` : (has ?? '');
      return { cel: `${there} ? ${subject.cel} : ${otherwise}`, holds: Holds.choice };
    }
    const cel = filters[name.text]?.(around(subject, Holds.name), args);
    this.#say(
      from,
      word,
      cel === undefined ? nothingFor('filter', name.text) : { here: filters[name.text]?.('x', args) ?? '' },
    );
    return { cel: cel ?? '', holds: Holds.name };
  }

  #test(subject: Piece, from: number): Piece {
    const negated = this.#take('not');
    const name = this.#next();
    if (name.kind !== 'name') throw new NotJinja();
    if (this.#take('(')) this.#list(')');
    const word = `is ${negated ? 'not ' : ''}${name.text}`;
    const turned = (piece: Piece): Piece => (negated ? not(piece) : piece);
    if (name.text === 'defined' || name.text === 'undefined') {
      const has = hasAll(subject);
      const positive = negated === (name.text === 'undefined');
      this.#say(
        from,
        word,
        has === undefined ? nothingFor('test', name.text) : { here: positive ? 'has(x)' : '!has(x)' },
      );
      const asked: Piece = { cel: has ?? '', holds: has?.includes('&&') === true ? Holds.and : Holds.name };
      return positive ? asked : not(asked);
    }
    const test = tests[name.text.toLowerCase()];
    if (typeof test === 'function') {
      const asked = (of: string): Piece => turned({ cel: test(of), holds: Holds.compare });
      this.#say(from, word, { here: asked('x').cel });
      return asked(around(subject, Holds.name));
    }
    this.#say(from, word, test === undefined ? nothingFor('test', name.text) : { nothing: test });
    return { cel: '', holds: Holds.name };
  }
}

export function magicOf(name: string): MagicName | undefined {
  return Object.hasOwn(magicNames, name) ? magicNames[name] : name.startsWith('ansible_') ? otherMagic : undefined;
}

/** What is here instead, or why there is nothing. */
export function ofMagic({ cel, say }: MagicName, before = ''): { readonly here?: string; readonly nothing?: string } {
  return cel === undefined ? { nothing: say ?? '' } : { here: `${before}${cel}` };
}

function nothingFor(kind: 'filter' | 'test', name: string): { readonly nothing: string } {
  return { nothing: `there is no ${kind} ${name}: a command with read_only: true can print it, and be registered` };
}

function around({ cel, holds }: Piece, least: number): string {
  return holds < least ? `(${cel})` : cel;
}

function not(piece: Piece): Piece {
  const [, left, right] = /^([^()]+) == (null|true|false)$/.exec(piece.cel) ?? [];
  if (piece.holds === Holds.compare && left !== undefined && right !== undefined)
    return { cel: `${left} != ${right}`, holds: Holds.compare };
  return { cel: `!${around(piece, Holds.sign)}`, holds: Holds.sign };
}

function join(pieces: readonly Piece[], operator: string, holds: number, second = operator): Piece {
  const [first, ...rest] = pieces.map((piece) => around(piece, holds + 1));
  return {
    cel: rest.reduce<string>((all, piece, index) => all + (index === 0 ? operator : second) + piece, first ?? ''),
    holds,
  };
}

/** That each part of a reading is there: of `vars.a.b` both `vars.a` and what is below. */
function hasAll({ chain }: Piece): string | undefined {
  if (chain === undefined || chain.length < 2) return undefined;
  return chain
    .slice(1)
    .map((_key, index) => `has(${chain.slice(0, index + 2).join('.')})`)
    .join(' && ');
}
