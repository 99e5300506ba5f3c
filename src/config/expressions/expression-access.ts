import type { ASTNode } from '@marcbachmann/cel-js';
import type { Span } from '../yaml/source.ts';

/** One reading of a root: `vars.a.b` is root `vars`, keys `a`, `b`. */
export interface ExpressionAccess {
  readonly root: string;
  readonly keys: readonly string[];
  /** Where each key stands. */
  readonly spans: readonly Span[];
  /** It is read whatever the rest comes to: not in a branch, behind && or ||, in a macro, or in has(). */
  readonly certain: boolean;
}

export interface Reading {
  readonly access: readonly ExpressionAccess[];
  readonly calls: readonly { readonly name: string; readonly span: Span }[];
}

const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

/** Whether an expression is nothing but one reading: `vars.a.b`. */
export function isOneReading(ast: ASTNode): boolean {
  return chainOf(ast) !== undefined;
}

/** Everything that an expression reads and calls, in order. */
export function readAccess(ast: ASTNode): Reading {
  const access: ExpressionAccess[] = [];
  const calls: { readonly name: string; readonly span: Span }[] = [];
  const visit = (node: ASTNode, bound: ReadonlySet<string>, certain: boolean): void => {
    const chain = chainOf(node);
    if (chain !== undefined) {
      if (!bound.has(chain.root)) access.push({ ...chain, certain });
      return;
    }
    switch (node.op) {
      case '?:':
        node.args.forEach((part, index) => {
          visit(part, bound, certain && index === 0);
        });
        return;
      case '&&':
      case '||':
        // CEL evaluates both sides and forgives an error in one of them, so neither is certain to matter.
        node.args.forEach((part) => {
          visit(part, bound, false);
        });
        return;
      case 'call': {
        const [name, args] = node.args;
        calls.push({ name, span: { start: node.start, end: node.end } });
        args.forEach((part) => {
          visit(part, bound, certain && name !== 'has');
        });
        return;
      }
      case 'rcall': {
        const [name, receiver, args] = node.args;
        calls.push({ name, span: { start: node.pos, end: node.end } });
        const isBind = name === 'bind' && receiver.op === 'id' && receiver.args === 'cel';
        if (!isBind) visit(receiver, bound, certain);
        const [variable, ...rest] = args;
        if (macros.has(name) && variable?.op === 'id' && rest.length > 0) {
          const inner = new Set([...bound, variable.args]);
          rest.forEach((part) => {
            visit(part, inner, false);
          });
        } else
          args.forEach((part) => {
            visit(part, bound, certain);
          });
        return;
      }
      case 'list':
        node.args.forEach((part) => {
          visit(part, bound, certain);
        });
        return;
      case 'map':
        node.args.flat().forEach((part) => {
          visit(part, bound, certain);
        });
        return;
      case '.':
      case '.?':
        visit(node.args[0], bound, certain);
        return;
      case '!_':
      case '-_':
        visit(node.args, bound, certain);
        return;
      case 'id':
      case 'value':
        return;
      case '[]':
      case '[?]':
      case '==':
      case '!=':
      case 'in':
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '<':
      case '<=':
      case '>':
      case '>=':
        node.args.forEach((part) => {
          visit(part, bound, certain);
        });
    }
  };
  visit(ast, new Set(), true);
  return { access, calls };
}

/** `a.b["c"]` as root and keys; undefined when it is anything else. */
function chainOf(node: ASTNode): Omit<ExpressionAccess, 'certain'> | undefined {
  if (node.op === 'id') return { root: node.args, keys: [], spans: [] };
  if (node.op === '.') {
    const [object, key] = node.args;
    const chain = chainOf(object);
    return (
      chain && {
        root: chain.root,
        keys: [...chain.keys, key],
        spans: [...chain.spans, { start: node.pos, end: node.end }],
      }
    );
  }
  if (node.op === '[]' && node.args[1].op === 'value' && typeof node.args[1].args === 'string') {
    const [object, key] = node.args;
    const chain = chainOf(object);
    return (
      chain && {
        root: chain.root,
        keys: [...chain.keys, String(key.args)],
        spans: [...chain.spans, { start: key.start, end: key.end }],
      }
    );
  }
  return undefined;
}
