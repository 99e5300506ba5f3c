import type { Change } from './change.ts';
import type { Notes, Planned } from './operation.ts';

export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

/** What is to be done about one container. */
export type ContainerPlan =
  | { readonly refused: Refusal; readonly provisional?: readonly Change[] }
  | { readonly changes: readonly Change[]; readonly warnings: readonly string[]; readonly owed: readonly string[] };

export function refuse(reason: string, remedy: string): { readonly refused: Refusal } {
  return { refused: { reason, remedy } };
}

/** Several containers of one step: refused as a whole when one of them is, because a half-done step is a surprise. */
export function combine(plans: readonly ContainerPlan[], noop: string): Planned {
  const refusals = plans.flatMap((plan) => ('refused' in plan ? [plan.refused] : []));
  if (refusals.length > 0) {
    const provisional = plans.flatMap((plan) => ('refused' in plan ? (plan.provisional ?? []) : []));
    return {
      outcome: 'refused',
      reason: unique(refusals.map(({ reason }) => reason)).join('; '),
      remedy: unique(refusals.map(({ remedy }) => remedy)).join('; '),
      ...(provisional.length > 0 ? { provisional } : {}),
    };
  }
  const planned = plans.flatMap((plan) => ('refused' in plan ? [] : [plan]));
  const changes = planned.flatMap((plan) => plan.changes);
  const warnings = unique(planned.flatMap((plan) => plan.warnings));
  const owed = unique(planned.flatMap((plan) => plan.owed));
  const notes: Notes = { ...(warnings.length > 0 ? { warnings } : {}), ...(owed.length > 0 ? { owed } : {}) };
  return changes.length === 0 ? { outcome: 'noop', reason: noop, ...notes } : { outcome: 'change', changes, ...notes };
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
