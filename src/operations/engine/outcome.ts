import { isRefused, refuseForAll } from '../../values/refusal.ts';
import { unique } from '../../values/unique.ts';
import type { Change } from './change.ts';
import type { Decision, Notes, RefusedPlan } from './operation.ts';

/** What is to be done about one container. */
export type ContainerPlan =
  | RefusedPlan
  | { readonly changes: readonly Change[]; readonly warnings: readonly string[]; readonly owed: readonly string[] };

/** Several containers of one step: refused as a whole when one of them is, because a half-done step is a surprise. */
export function combine(plans: readonly ContainerPlan[], noop: string): Decision {
  const refusals = plans.filter((plan) => isRefused(plan));
  if (refusals.length > 0) {
    const provisional = refusals.flatMap((plan) => plan.provisional ?? []);
    return { ...refuseForAll(refusals), ...(provisional.length > 0 ? { provisional } : {}) };
  }
  const planned = plans.flatMap((plan) => (isRefused(plan) ? [] : [plan]));
  const changes = planned.flatMap((plan) => plan.changes);
  const warnings = unique(planned.flatMap((plan) => plan.warnings));
  const owed = unique(planned.flatMap((plan) => plan.owed));
  const notes: Notes = { ...(warnings.length > 0 ? { warnings } : {}), ...(owed.length > 0 ? { owed } : {}) };
  return changes.length === 0 ? { outcome: 'noop', reason: noop, ...notes } : { outcome: 'change', changes, ...notes };
}
