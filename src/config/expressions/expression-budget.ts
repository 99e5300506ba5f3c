import type { ASTNode } from '@marcbachmann/cel-js';

/** What one evaluation may cost: a step for each node and each value that it comes to. On a slow machine that is a second. */
const mostSteps = 2_000_000;
/** A text is looked at this many characters a step. */
const charactersPerStep = 64;

/** An expression would take too long, or give too much. */
export class BudgetExceeded extends Error {
  constructor() {
    super(
      `it takes more than ${String(mostSteps)} steps: nest fewer all, exists, map and filter in each other, or let the command that prints the list make it shorter`,
    );
    this.name = 'BudgetExceeded';
  }
}

/** How a node is evaluated. The library's own types leave it out; that it is so is held by test/config/expressions/expression-budget.test.ts. */
type Evaluate = (this: unknown, evaluator: unknown, node: unknown, context: unknown) => unknown;

/**
 * Counts what an expression does. CEL has no loops but over lists, yet these nest, and their lengths may be a
 * host's (`register.lines`): without an end to it a short expression keeps the process for hours, and no signal
 * gets its turn. Quantifiers and `||` forgive errors of what they ask, so what is left stays below nothing.
 */
export class Budget {
  #left = mostSteps;

  constructor(root: ASTNode) {
    this.#watch(root, false);
  }

  /** What `evaluate` comes to. Errors: BudgetExceeded, and its own. */
  spend(evaluate: () => unknown): unknown {
    this.#left = mostSteps;
    try {
      const value = evaluate();
      this.#take(0);
      return value;
    } catch (thrown) {
      this.#take(0);
      // A text or a list that the engine itself cannot hold.
      throw thrown instanceof RangeError ? new BudgetExceeded() : thrown;
    }
  }

  /** `descends`: only a key of its value is looked at, so the value's size costs nothing. */
  #watch(node: ASTNode, descends: boolean): void {
    let evaluate = Reflect.get(node, 'evaluate') as Evaluate;
    const counted: Evaluate = (evaluator, itself, context) => {
      this.#take(1);
      const value = evaluate.call(node, evaluator, itself, context);
      if (!descends) this.#weigh(value);
      return value;
    };
    // The library puts a faster one in place when it is called first.
    Object.defineProperty(node, 'evaluate', {
      get: () => counted,
      set: (faster: Evaluate) => {
        evaluate = faster;
      },
    });
    const isAccess = node.op === '.' || node.op === '[]' || node.op === '.?' || node.op === '[?]';
    for (const [index, part] of nodesIn(node.args).entries()) this.#watch(part, isAccess && index === 0);
  }

  #take(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new BudgetExceeded();
  }

  /** A value may hold another one many times: what it is as a text counts. */
  #weigh(value: unknown): void {
    if (typeof value === 'string') this.#take(Math.floor(value.length / charactersPerStep));
    else if (Array.isArray(value)) this.#weighAll(value);
    else if (value instanceof Map) this.#weighAll(value.values());
    else if (typeof value === 'object' && value !== null) this.#weighAll(Object.values(value));
  }

  #weighAll(values: Iterable<unknown>): void {
    for (const value of values) {
      this.#take(1);
      this.#weigh(value);
    }
  }
}

function nodesIn(args: unknown): readonly ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(nodesIn);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}
