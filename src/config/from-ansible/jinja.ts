import { NotJinja, tokensOf, type Token } from './jinja-tokens.ts';
import { around, Holds, join, not, type Piece } from './jinja-pieces.ts';
import { Operands } from './jinja-operands.ts';
import type { Said } from './jinja-reader.ts';

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
  const reader = new Expression(known);
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

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>=', 'in']);
const sums: Readonly<Record<string, string>> = { '+': '+', '-': '-', '~': '+' };
const products = new Set(['*', '/', '%']);
class Expression extends Operands {
  whole(tokens: readonly Token[]): string {
    this.tokens = tokens;
    const { cel } = this.choice();
    if (this.at < tokens.length) throw new NotJinja();
    return cel;
  }

  protected choice(): Piece {
    return this.deeper(() => this.whatever());
  }

  private whatever(): Piece {
    const value = this.or();
    const from = this.at;
    if (this.take('?')) {
      const yes = this.or();
      this.expect(':');
      return join([value, yes, this.choice()], ' ? ', Holds.choice, ' : ');
    }
    if (!this.take('if')) return value;
    this.say(from, 'if … else', { here: '? :' });
    const condition = this.or();
    if (!this.take('else')) throw new NotJinja();
    return join([condition, value, this.choice()], ' ? ', Holds.choice, ' : ');
  }

  protected or(): Piece {
    return this.chainOf('or', '||', Holds.or, () => this.and());
  }

  protected and(): Piece {
    return this.chainOf('and', '&&', Holds.and, () => this.not());
  }

  protected chainOf(word: string, operator: string, holds: number, read: () => Piece): Piece {
    const pieces = [read()];
    for (;;) {
      const from = this.at;
      if (this.take(word)) this.say(from, word, { here: operator });
      else if (!this.take(operator)) break;
      pieces.push(read());
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : join(pieces, ` ${operator} `, holds);
  }

  protected not(): Piece {
    const from = this.at;
    if (!this.take('not')) return this.comparison();
    this.say(from, 'not', { here: '!' });
    return not(this.deeper(() => this.not()));
  }

  protected comparison(): Piece {
    let left = this.sum();
    for (;;) {
      const from = this.at;
      const negated = this.peek() === 'not' && this.peek(1) === 'in';
      if (negated) this.at += 1;
      const operator = this.peek() ?? '';
      if (!comparisons.has(operator)) return left;
      this.at += 1;
      if (negated) this.say(from, 'not in', { here: '!(… in …)' });
      const at = this.at - 1;
      const right = this.sum();
      // `in` a text: that of what a program has printed.
      const printed = operator === 'in' && /^(?:stdout|stderr)$/.test(right.chain?.at(-1) ?? '');
      if (printed) this.say(at, 'in (of a text)', { here: 'contains()' });
      left = printed
        ? { cel: `${around(right, Holds.name)}.contains(${left.cel})`, holds: Holds.name }
        : join([left, right], ` ${operator} `, Holds.compare);
      if (negated) left = not(left);
    }
  }

  protected sum(): Piece {
    return this.operators(Object.keys(sums), Holds.sum, () => this.product());
  }

  protected product(): Piece {
    return this.operators([...products], Holds.product, () => this.sign());
  }

  protected operators(operators: readonly string[], holds: number, read: () => Piece): Piece {
    let left = read();
    for (let operator = this.peek(); operator !== undefined && operators.includes(operator); operator = this.peek()) {
      const from = this.at;
      this.at += 1;
      if (operator === '~') this.say(from, '~', { here: '+' });
      const right = read();
      // The right side must hold better than the left one: a - (b - c).
      left = {
        cel: `${around(left, holds)} ${sums[operator] ?? operator} ${around(right, holds + 1)}`,
        holds,
      };
    }
    return left;
  }

  protected sign(): Piece {
    if (this.take('!')) return not(this.deeper(() => this.sign()));
    if (this.take('-'))
      return {
        cel: `-${around(
          this.deeper(() => this.sign()),
          Holds.sign,
        )}`,
        holds: Holds.sign,
      };
    return this.behind(this.primary());
  }
}
