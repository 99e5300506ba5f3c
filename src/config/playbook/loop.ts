import type { ConfigIssue } from '../../errors.ts';
import type { Json } from '../../values/json.ts';
import { allOf } from '../expressions/condition.ts';
import type { Compiled } from '../expressions/expression.ts';
import { ResolveError } from '../expressions/resolve-error.ts';
import type { CompiledTemplate } from '../expressions/template.ts';
import type { Resolved, Scope } from '../model/types.ts';

const maxItems = 10_000;

/** Conditions that hold for the step as a whole: they can be asked before there is an item. */
export function beforeItems(conditions: readonly Compiled[]): readonly Compiled[] {
  return conditions.filter(({ roots }) => !roots.has('item'));
}

/**
 * The items of a step's loop. A loop that cannot be resolved where the step is not needed has none:
 * `when: has(vars.names)` guards `loop: ${{ vars.names }}`.
 */
export function itemsOf(
  loop: CompiledTemplate,
  conditions: readonly Compiled[],
  scope: Scope,
  complain: (message: string) => ConfigIssue,
): Resolved<readonly Json[]> {
  try {
    return resolveItems(loop, scope, complain);
  } catch (thrown) {
    const needed = thrown instanceof ResolveError ? allOf(beforeItems(conditions))?.evaluate(scope) : undefined;
    if (needed !== undefined && 'unknown' in needed) return needed;
    if (needed?.value === false) return { value: [] };
    throw thrown;
  }
}

function resolveItems(
  loop: CompiledTemplate,
  scope: Scope,
  complain: (message: string) => ConfigIssue,
): Resolved<readonly Json[]> {
  const resolved = loop.resolve(scope);
  if ('unknown' in resolved) return resolved;
  if (!Array.isArray(resolved.value)) throw new ResolveError(complain('loop: the expression does not give a list'));
  if (resolved.value.length > maxItems) throw new ResolveError(complain(`loop: more than ${String(maxItems)} items`));
  return { value: resolved.value };
}
