import type { ConfigIssue } from '../errors.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { didYouMean } from './closest.ts';
import { notTrueOrFalse } from './condition.ts';
import type { Compiled } from './expression.ts';
import { beforeItems } from './loop.ts';
import type { CompiledPlay } from './playbook.ts';
import { ResolveError } from './resolve-error.ts';
import { scopeOf } from './scope.ts';
import type { CompiledStep } from './step.ts';
import type { Host, Scope } from './types.ts';

/**
 * Everything that can be known about a play on its hosts before connecting: variables that a host
 * lacks, and input that turns out wrong once the variables have their values. What depends on facts
 * or registers is left for the run. A mistake that many hosts share is one issue.
 */
export function checkPlay(play: CompiledPlay, hosts: readonly Host[], extraVars: JsonObject): readonly ConfigIssue[] {
  const found = new Map<string, { readonly issue: ConfigIssue; readonly hosts: string[] }>();
  for (const host of hosts) {
    for (const issue of checkHost(play, host, extraVars)) {
      const key = `${issue.file}:${String(issue.line)}:${String(issue.column)}:${issue.message}`;
      const known = found.get(key) ?? { issue, hosts: [] };
      if (!known.hosts.includes(host.name)) known.hosts.push(host.name);
      found.set(key, known);
    }
  }
  return [...found.values()].map(({ issue, hosts: names }) => ({ ...issue, message: `${issue.message} (on ${few(names)})` }));
}

function few(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${String(names.length - 2)} more hosts`;
}

function checkHost(play: CompiledPlay, host: Host, extraVars: JsonObject): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const scope = attempt(() => scopeOf(play, host, extraVars), issues);
  if (scope !== undefined) for (const step of play.steps) checkStep(step, scope, issues);
  return issues;
}

function checkStep(step: CompiledStep, scope: Scope, issues: ConfigIssue[]): void {
  const { conditions, loop, input } = step.parts;
  // In a loop the step's own condition may read the item; it is asked for each of them.
  if (loop === undefined) {
    checkOnce(step, scope, issues);
    return;
  }
  if (!needed(beforeItems(conditions), scope, issues) || missing(loop.expressions, scope, issues)) return;
  const items = attempt(() => step.loop?.resolve(scope), issues);
  if (items === undefined) return;
  if ('unknown' in items) missing([...conditions, ...input.expressions], scope, issues);
  else for (const item of items.value) checkOnce(step, { ...scope, item }, issues);
}

function checkOnce(step: CompiledStep, scope: Scope, issues: ConfigIssue[]): void {
  const { conditions, input } = step.parts;
  if (needed(conditions, scope, issues) && !missing(input.expressions, scope, issues)) attempt(() => step.resolve(scope), issues);
}

/** Whether the conditions, each guarding the next, leave the step to be done, as far as can be said now. */
function needed(conditions: readonly Compiled[], scope: Scope, issues: ConfigIssue[]): boolean {
  return conditions.every((condition) => {
    if (missing([condition], scope, issues)) return false;
    const answer = attempt<{ readonly value: Json } | { readonly unknown: readonly string[] }>(() => condition.evaluate(scope), issues);
    if (answer === undefined || ('value' in answer && answer.value === false)) return false;
    if ('unknown' in answer || answer.value === true) return true;
    issues.push(notTrueOrFalse(condition, answer.value));
    return false;
  });
}

/** Reports variables that are read for certain and that the host does not have, and secrets that are read where they may not be. */
function missing(expressions: readonly Compiled[], scope: Scope, issues: ConfigIssue[]): boolean {
  const { vars } = scope;
  const found = expressions.flatMap(({ access, at }) =>
    access.flatMap(({ root, keys: [key], spans: [span], certain }) =>
      root !== 'vars' || !certain || key === undefined || span === undefined || Object.hasOwn(vars, key)
        ? []
        : [at.issue(span, `expression: there is no vars.${key}${didYouMean(key, Object.keys(vars))}`)],
    ),
  );
  found.push(...expressions.flatMap((expression) => expression.misusedSecrets(scope)));
  issues.push(...found);
  return found.length > 0;
}

function attempt<Value>(work: () => Value, issues: ConfigIssue[]): Value | undefined {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof ResolveError)) throw thrown;
    issues.push(thrown.issue);
    return undefined;
  }
}
