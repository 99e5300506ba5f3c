import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { ConfigIssue } from '../../errors.ts';
import type { Json } from '../../values/json.ts';
import { type SecretReference, secretsIn } from '../../values/secret-reference.ts';
import { parseBytes, SizeError } from '../../values/size.ts';
import { asJson } from '../yaml/as-json.ts';
import { fromCel, NotJson, toCel } from './cel-values.ts';
import { Budget, BudgetExceeded } from './expression-budget.ts';
import { isOneReading, readAccess, type ExpressionAccess } from './expression-access.ts';
import { askedAsAnsible, mistakesOf, refusedCall, unknownKey, type Mistake } from './expression-mistakes.ts';
import { didYouMean } from '../model/closest.ts';
import { ResolveError } from './resolve-error.ts';
import type { Roots } from './roots.ts';
import { secretAt, whereSecretsMayBe } from './secret-vars.ts';
import type { Span } from '../yaml/source.ts';
import type { Expression, Place, Resolved, Scope } from '../model/types.ts';

/** Where an expression's text stands in its file. */
export interface At {
  place(offset: number): Place;
  issue(span: Span, message: string): ConfigIssue;
  /** How another expression would stand in its place. */
  written(expression: string): string;
}

/** A checked expression and what it reads. */
export interface Compiled extends Expression {
  readonly access: readonly ExpressionAccess[];
  readonly at: At;
  /** CEL's name for the type of its value; `dyn` when only a run can tell. */
  readonly type: string;
  /** The secret variable that it stands for, where it may stand for one. */
  secretOf(scope: Scope): SecretReference | undefined;
  /** What is wrong with it on a host where it reads a secret in a place, or in a way, in which that may not be. */
  misusedSecrets(scope: Scope): readonly ConfigIssue[];
}

const base = new Environment({
  unlistedVariablesAreDyn: false,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 2000, maxDepth: 50 },
});
base.registerFunction('bytes_of(string): int', (text: string) => {
  try {
    return BigInt(parseBytes(text));
  } catch (thrown) {
    if (thrown instanceof SizeError) throw new EvaluationError(thrown.message);
    throw thrown;
  }
});

function environmentOf({ names }: Roots): Environment {
  const environment = base.clone();
  for (const name of names) environment.registerVariable(name, 'dyn');
  return environment;
}

/** Whether a text would be accepted as an expression. */
export function isExpression(text: string, roots: Roots): boolean {
  try {
    const program = environmentOf(roots).parse(text);
    const { access, calls } = readAccess(program.ast);
    return program.check().valid && calls.flatMap(refusedCall).length + access.flatMap(unknownKey).length === 0;
  } catch (thrown) {
    if (thrown instanceof ParseError || thrown instanceof CelTypeError) return false;
    throw thrown;
  }
}

/** Parses and type-checks a text as CEL. */
export function compileExpression(
  text: string,
  roots: Roots,
  at: At,
  mayBeSecret = false,
): { readonly expression: Compiled } | { readonly issues: readonly ConfigIssue[] } {
  const refuse = (mistakes: readonly Mistake[]): { readonly issues: readonly ConfigIssue[] } => ({
    issues: mistakes.map(({ span, message }) => at.issue(span, message)),
  });
  const environment = environmentOf(roots);
  const writing = {
    compiles: (other: string) => isExpression(other, roots),
    written: (other: string) => at.written(other),
  };
  let program;
  try {
    program = environment.parse(text);
  } catch (thrown) {
    return refuse(mistakesOf(thrown, text, roots, writing));
  }
  const checked = program.check();
  if (!checked.valid) return refuse(mistakesOf(checked.error, text, roots, writing));
  const { access, calls } = readAccess(program.ast);
  const mistakes = [...calls.flatMap(refusedCall), ...access.flatMap(unknownKey), ...access.flatMap(askedAsAnsible)];
  if (mistakes.length > 0) return refuse(mistakes);
  const budget = new Budget(program.ast);
  const alone = mayBeSecret && isOneReading(program.ast);
  const misusedSecrets = (scope: Scope): readonly ConfigIssue[] =>
    access.flatMap((one) => {
      const found = secretRead(one, scope);
      if (found === undefined || (alone && found !== 'holds')) return [];
      const name = [one.root, ...one.keys].join('.');
      return [
        at.issue(
          { start: 0, end: text.length },
          `expression: ${name} ${found === 'holds' ? 'holds' : 'is'} a secret variable, and ${whereSecretsMayBe}`,
        ),
      ];
    });
  const secretOf = (scope: Scope): SecretReference | undefined => {
    const [one] = access;
    const found = alone && one !== undefined ? secretRead(one, scope) : undefined;
    return found === 'holds' ? undefined : found;
  };
  const evaluate = (scope: Scope): Resolved<Json> => {
    const [misused] = misusedSecrets(scope);
    if (misused !== undefined) throw new ResolveError(misused);
    const secret = secretOf(scope);
    if (secret !== undefined) return { value: asJson(secret) };
    const resolved = evaluated(scope);
    // It would be a host's word that says which secret it is to be given.
    if (mayBeSecret && 'value' in resolved && secretsIn(resolved.value).length > 0)
      throw new ResolveError(
        at.issue(
          { start: 0, end: text.length },
          'expression: this gives what looks like a secret, and does not come from vars',
        ),
      );
    return resolved;
  };
  const evaluated = (scope: Scope): Resolved<Json> => {
    try {
      return { value: fromCel(budget.spend(() => program(contextOf(scope, access)))) };
    } catch (thrown) {
      return unknownOrFailed(thrown, text, scope, at);
    }
  };
  return {
    expression: {
      text,
      place: at.place(0),
      at,
      access,
      type: checked.type ?? 'dyn',
      roots: new Set(access.map(({ root }) => root)),
      evaluate,
      secretOf,
      misusedSecrets,
    },
  };
}

/** Variables are where secrets come from, and what is made of them: an item of a loop. */
function secretRead(
  { root, keys }: ExpressionAccess,
  { vars, host, item }: Scope,
): SecretReference | 'holds' | undefined {
  if (root === 'vars') return secretAt(vars, keys);
  if (root === 'host') return secretAt(host, keys);
  return root === 'item' && item !== undefined && secretAt(item, keys) !== undefined ? 'holds' : undefined;
}

/**
 * Only what the expression reads. A register that has not run is left out: CEL then fails when its
 * value matters, and only then (`false && node.running` is false all the same).
 */
function contextOf(scope: Scope, access: readonly ExpressionAccess[]): Readonly<Record<string, unknown>> {
  const factsMissing = access.some(
    ({ root, keys: [key] }) =>
      root === 'facts' &&
      (key === undefined ? Object.keys(scope.facts).length === 0 : !Object.hasOwn(scope.facts, key)),
  );
  const values: Readonly<Record<string, Json | undefined>> = {
    ...scope.registers,
    vars: scope.vars,
    host: scope.host,
    facts: factsMissing ? undefined : scope.facts,
    item: scope.item,
  };
  const read = new Set(access.map(({ root }) => root));
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || !read.has(name) ? [] : [[name, toCel(value)]],
    ),
  );
}

function unknownOrFailed(thrown: unknown, text: string, scope: Scope, at: At): Resolved<Json> {
  if (thrown instanceof NotJson || thrown instanceof BudgetExceeded)
    throw new ResolveError(at.issue({ start: 0, end: text.length }, `expression: ${thrown.message}`), thrown);
  if (!(thrown instanceof EvaluationError)) throw thrown;
  const span = { start: thrown.range?.start ?? 0, end: thrown.range?.end ?? 1 };
  const word = text.slice(span.start, span.end);
  if (thrown.code === 'unknown_variable') return { unknown: [word] };
  const message = thrown.code === 'no_such_key' ? noSuchKey(text, span, scope) : thrown.summary;
  throw new ResolveError(at.issue(span, `expression: ${message}`), thrown);
}

function noSuchKey(text: string, { start, end }: Span, scope: Scope): string {
  const before = /(?:[\w.]+\.)?$/.exec(text.slice(0, start))?.[0] ?? '';
  const key = text.slice(start, end);
  return `there is no ${before}${key}${before === 'vars.' ? didYouMean(key, Object.keys(scope.vars)) : ''}`;
}
