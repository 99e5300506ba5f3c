import type { ConfigIssue } from '../../errors.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { giveTurn } from '../../values/turn.ts';
import { didYouMean } from '../model/closest.ts';
import { notTrueOrFalse } from '../expressions/condition.ts';
import type { Compiled } from '../expressions/expression.ts';
import { BudgetExceeded } from '../expressions/expression-budget.ts';
import { beforeItems } from './loop.ts';
import type { CompiledPlay } from './playbook.ts';
import { ResolveError } from '../expressions/resolve-error.ts';
import { playScope } from '../expressions/scope.ts';
import type { CompiledStep } from './step.ts';
import type { Host, Scope } from '../model/types.ts';
import { showPlace } from '../yaml/source.ts';

/**
 * Everything that can be known about a play on its hosts before connecting: variables that a host
 * lacks, and input that turns out wrong once the variables have their values. What depends on facts
 * or registers is left for the run. A mistake that many hosts share is one issue; an expression that takes
 * too long on one of them is not tried on the others.
 */
export async function checkPlay(
  play: CompiledPlay,
  hosts: readonly Host[],
  extraVars: JsonObject,
  signal: AbortSignal | undefined,
): Promise<readonly ConfigIssue[]> {
  const found = new Map<string, { readonly issue: ConfigIssue; readonly hosts: string[] }>();
  for (const host of hosts) {
    const { issues, tooLong } = await checkHost(play, host, extraVars, signal);
    for (const issue of issues) {
      const key = `${issue.file}:${String(issue.line)}:${String(issue.column)}:${issue.message}`;
      const known = found.get(key) ?? { issue, hosts: [] };
      if (!known.hosts.includes(host.name)) known.hosts.push(host.name);
      found.set(key, known);
    }
    if (tooLong) break;
  }
  return [...found.values()].map(({ issue, hosts: names }) => ({
    ...issue,
    message: `${issue.message} (on ${few(names)})`,
  }));
}

function few(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(', ')
    : `${names.slice(0, 2).join(', ')} and ${String(names.length - 2)} more hosts`;
}

/** What is found on one host. */
class Found {
  readonly issues: ConfigIssue[] = [];
  /** An expression was given up. */
  tooLong = false;
}

async function checkHost(
  play: CompiledPlay,
  host: Host,
  extraVars: JsonObject,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const found = new Found();
  const scope = attempt(() => playScope(play, host, extraVars), found);
  if (scope !== undefined) for (const step of play.steps) await checkStep(step, scope, found, signal);
  return found;
}

async function checkStep(
  step: CompiledStep,
  scope: Scope,
  found: Found,
  signal: AbortSignal | undefined,
): Promise<void> {
  await giveTurn(signal);
  if (found.tooLong) return;
  const { conditions, loop, input } = step.parts;
  // In a loop the step's own condition may read the item; it is asked for each of them.
  if (loop === undefined) {
    checkOnce(step, scope, found);
    return;
  }
  if (!needed(beforeItems(conditions), scope, found) || missing(loop.expressions, scope, found)) return;
  const items = attempt(() => step.loop?.resolve(scope), found);
  if (items === undefined) return;
  if ('unknown' in items) missing([...conditions, ...input.expressions], scope, found);
  else {
    for (const item of items.value) {
      await giveTurn(signal);
      checkOnce(step, { ...scope, item }, found);
    }
  }
}

function checkOnce(step: CompiledStep, scope: Scope, found: Found): void {
  if (found.tooLong) return;
  const { conditions, input } = step.parts;
  if (needed(conditions, scope, found) && !missing(input.expressions, scope, found))
    attempt(() => step.resolve(scope), found);
}

/** Whether the conditions, each guarding the next, leave the step to be done, as far as can be said now. */
function needed(conditions: readonly Compiled[], scope: Scope, found: Found): boolean {
  return conditions.every((condition) => {
    if (missing([condition], scope, found)) return false;
    const answer = attempt<{ readonly value: Json } | { readonly unknown: readonly string[] }>(
      () => condition.evaluate(scope),
      found,
    );
    if (answer === undefined || ('value' in answer && answer.value === false)) return false;
    if ('unknown' in answer || answer.value === true) return true;
    found.issues.push(notTrueOrFalse(condition, answer.value));
    return false;
  });
}

/** Reports variables that are read for certain and that the host does not have, and secrets that are read where they may not be. */
function missing(expressions: readonly Compiled[], scope: Scope, found: Found): boolean {
  const { vars, withheld } = scope;
  const lacking = expressions.flatMap(({ access, at }) =>
    access.flatMap(({ root, keys: [key], spans: [span], certain }) => {
      if (root !== 'vars' || key === undefined || span === undefined || Object.hasOwn(vars, key)) return [];
      const written = withheld?.get(key);
      // Even where it might not matter: without it the answer could be another one.
      if (written !== undefined)
        return [
          at.issue(
            span,
            `expression: vars.${key} ${written.why} (${showPlace(written.place)}): write there what it comes to, or give it with --var`,
          ),
        ];
      return certain
        ? [at.issue(span, `expression: there is no vars.${key}${didYouMean(key, Object.keys(vars))}`)]
        : [];
    }),
  );
  const wrong = [...lacking, ...expressions.flatMap((expression) => expression.misusedSecrets(scope))];
  found.issues.push(...wrong);
  return wrong.length > 0;
}

function attempt<Value>(work: () => Value, found: Found): Value | undefined {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof ResolveError)) throw thrown;
    found.issues.push(thrown.issue);
    found.tooLong ||= thrown.cause instanceof BudgetExceeded;
    return undefined;
  }
}
