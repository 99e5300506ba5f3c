import { filters, magicNames, methods, otherMagic, registerKeys, tests, type MagicName } from './jinja-words.ts';
import { around, hasAll, Holds, not, type Piece } from './jinja-pieces.ts';
import { Reader } from './jinja-reader.ts';
import { NotJinja, type Token } from './jinja-tokens.ts';
import { own } from './word.ts';

/** CEL's own, which may stand there already. */
const functions = new Set(['size', 'has', 'int', 'double', 'string', 'bool', 'type', 'bytes_of']);

/** Names and values of an expression, with what stands behind them. */
export abstract class Operands extends Reader {
  protected abstract choice(): Piece;

  protected primary(): Piece {
    const from = this.at;
    const token = this.next();
    if (token.kind === 'text' || token.kind === 'number') return { cel: token.text, holds: Holds.name };
    if (token.kind === 'name') return this.name(token, from);
    switch (token.text) {
      case '(': {
        const inner = this.choice();
        this.expect(')');
        return inner.holds === Holds.name ? inner : { cel: `(${inner.cel})`, holds: Holds.name };
      }
      case '{{': {
        const inner = this.choice();
        this.expect('}}');
        this.say(from, '{{ }}', { here: 'none: the whole is an expression' });
        return inner;
      }
      case '[':
        return { cel: `[${this.list(']').join(', ')}]`, holds: Holds.name };
      case '{': {
        const entries: string[] = [];
        while (!this.take('}')) {
          const key = this.choice().cel;
          this.expect(':');
          entries.push(`${key}: ${this.choice().cel}`);
          if (this.peek() !== '}') this.expect(',');
        }
        return { cel: `{${entries.join(', ')}}`, holds: Holds.name };
      }
      default:
        throw new NotJinja();
    }
  }

  protected list(end: string): readonly string[] {
    const items: string[] = [];
    while (!this.take(end)) {
      items.push(this.choice().cel);
      if (this.peek() !== end) this.expect(',');
    }
    return items;
  }

  protected name({ text, start, end }: Token, from: number): Piece {
    const plain = /^(?:True|False|None)$/.exec(text) !== null || text === 'none';
    if (plain) {
      const cel = text.toLowerCase() === 'none' ? 'null' : text.toLowerCase();
      this.say(from, text, { here: cel });
      return { cel, holds: Holds.name };
    }
    if (/^(?:true|false|null)$/.test(text)) return { cel: text, holds: Holds.name };
    if (/^(?:and|or|not|in|is|if|else)$/.test(text)) throw new NotJinja();
    if (this.known.has(text)) return { cel: text, holds: Holds.name, chain: [text] };
    if (functions.has(text) && this.peek() === '(') return { cel: text, holds: Holds.name };
    const fact = text === 'ansible_facts' ? this.factBehind() : undefined;
    const magic = magicOf(fact === undefined ? text : `ansible_${fact}`);
    if (magic !== undefined) {
      this.say(from, fact === undefined ? text : `${text}.${fact}`, ofMagic(magic));
      return { cel: magic.cel ?? text, holds: Holds.name, chain: (magic.cel ?? text).split('.') };
    }
    this.bare.push({ word: text, start, end, here: `vars.${text}` });
    return { cel: `vars.${text}`, holds: Holds.name, chain: ['vars', text] };
  }

  /** `ansible_facts.kernel` and `ansible_facts["kernel"]` are `ansible_kernel`. */
  protected factBehind(): string | undefined {
    const [open, key, close] = this.tokens.slice(this.at, this.at + 3);
    if (open?.text === '.' && key?.kind === 'name') {
      this.at += 2;
      return key.text;
    }
    if (open?.text !== '[' || key?.kind !== 'text' || close?.text !== ']') return undefined;
    this.at += 3;
    return key.text.slice(1, -1);
  }

  /** Attributes, calls, filters and tests, which stand behind what they are about. */
  protected behind(subject: Piece): Piece {
    let piece = subject;
    for (;;) {
      const from = this.at;
      if (this.take('.')) piece = this.attribute(piece, from);
      else if (this.take('[')) piece = this.index(piece);
      else if (this.take('(')) piece = { cel: `${piece.cel}(${this.list(')').join(', ')})`, holds: Holds.name };
      else if (this.take('|')) piece = this.filter(piece, from);
      else if (this.take('is')) piece = this.test(piece, from);
      else return piece;
    }
  }

  protected attribute(subject: Piece, from: number): Piece {
    const { text, kind } = this.next();
    if (kind === 'number') return { cel: `${around(subject, Holds.name)}[${text}]`, holds: Holds.name };
    if (kind !== 'name') throw new NotJinja();
    const method = this.peek() === '(' ? own(methods, text) : undefined;
    if (method !== undefined) {
      this.say(from, `.${text}()`, { here: `.${method}()` });
      return { cel: `${around(subject, Holds.name)}.${method}`, holds: Holds.name };
    }
    const [root, ...keys] = subject.chain ?? [];
    const ofRegister =
      root !== undefined && keys.length === 0 && this.isRegister(root) ? own(registerKeys, text) : undefined;
    if (ofRegister !== undefined) this.say(from, `.${text}`, ofMagic(ofRegister, '.'));
    const key = ofRegister?.cel ?? text;
    return {
      cel: `${around(subject, Holds.name)}.${key}`,
      holds: Holds.name,
      ...(subject.chain === undefined ? {} : { chain: [...subject.chain, key] }),
    };
  }

  protected index(subject: Piece): Piece {
    const only = this.tokens[this.at];
    const index = this.choice().cel;
    this.expect(']');
    const key = only?.kind === 'text' && only.text === index ? /^.(\w+).$/.exec(index)?.[1] : undefined;
    return {
      cel: `${around(subject, Holds.name)}[${index}]`,
      holds: Holds.name,
      ...(subject.chain === undefined || key === undefined ? {} : { chain: [...subject.chain, key] }),
    };
  }

  protected isRegister(root: string): boolean {
    return this.known.has(root) && !['vars', 'host', 'facts', 'item'].includes(root);
  }

  protected filter(subject: Piece, from: number): Piece {
    const name = this.next();
    if (name.kind !== 'name') throw new NotJinja();
    const args = this.take('(') ? this.list(')') : [];
    const word = `| ${name.text}`;
    if (name.text === 'default' || name.text === 'd') {
      const has = hasAll(subject);
      const [otherwise = '""', empty] = args;
      this.say(from, word, has === undefined ? nothingFor('filter', name.text) : { here: 'has(x) ? x : …' });
      const there = empty === 'true' ? `${has ?? ''} && ${subject.cel} != ""` : (has ?? '');
      return { cel: `${there} ? ${subject.cel} : ${otherwise}`, holds: Holds.choice };
    }
    const filter = own(filters, name.text);
    const cel = filter?.(around(subject, Holds.name), args);
    this.say(from, word, cel === undefined ? nothingFor('filter', name.text) : { here: filter?.('x', args) ?? '' });
    return { cel: cel ?? '', holds: Holds.name };
  }

  protected test(subject: Piece, from: number): Piece {
    const negated = this.take('not');
    const name = this.next();
    if (name.kind !== 'name') throw new NotJinja();
    if (this.take('(')) this.list(')');
    const word = `is ${negated ? 'not ' : ''}${name.text}`;
    const turned = (piece: Piece): Piece => (negated ? not(piece) : piece);
    if (name.text === 'defined' || name.text === 'undefined') {
      const has = hasAll(subject);
      const positive = negated === (name.text === 'undefined');
      this.say(
        from,
        word,
        has === undefined ? nothingFor('test', name.text) : { here: positive ? 'has(x)' : '!has(x)' },
      );
      const asked: Piece = { cel: has ?? '', holds: has?.includes('&&') === true ? Holds.and : Holds.name };
      return positive ? asked : not(asked);
    }
    const test = own(tests, name.text.toLowerCase());
    if (typeof test === 'function') {
      const asked = (of: string): Piece => turned({ cel: test(of), holds: Holds.compare });
      this.say(from, word, { here: asked('x').cel });
      return asked(around(subject, Holds.name));
    }
    this.say(from, word, test === undefined ? nothingFor('test', name.text) : { nothing: test });
    return { cel: '', holds: Holds.name };
  }
}

export function magicOf(name: string): MagicName | undefined {
  return own(magicNames, name) ?? (name.startsWith('ansible_') ? otherMagic : undefined);
}

/** What is here instead, or why there is nothing. */
export function ofMagic({ cel, say }: MagicName, before = ''): { readonly here?: string; readonly nothing?: string } {
  return cel === undefined ? { nothing: say ?? '' } : { here: `${before}${cel}` };
}

function nothingFor(kind: 'filter' | 'test', name: string): { readonly nothing: string } {
  return { nothing: `there is no ${kind} ${name}: a command with read_only: true can print it, and be registered` };
}
