import type { Planned } from '../operations/engine/operation.ts';

/** A step that will change something, as far as later steps are concerned. */
export interface Pending {
  readonly step: string;
  /** Resources; `*` stands for anything. */
  readonly changes: readonly string[];
}

/** The earlier steps that change what this one reads. */
export function dependsOn(reads: readonly string[], pending: readonly Pending[]): readonly string[] {
  const touched = ({ changes }: Pending): boolean =>
    changes.some((change) => reads.some((read) => change === '*' || read === '*' || change === read));
  return [...new Set(pending.filter(touched).map(({ step }) => step))];
}

/**
 * What a step would do becomes uncertain when an earlier step changes what it reads: it is then shown
 * as depending on that step, with what it would do as things are now, and planned again at its turn.
 */
export function qualify(planned: Planned, reads: readonly string[], pending: readonly Pending[]): Planned {
  const steps = dependsOn(reads, pending);
  if (steps.length === 0 || planned.outcome === 'maybe') return planned;
  const { warnings, owed } = planned;
  const notes = { ...(warnings === undefined ? {} : { warnings }), ...(owed === undefined ? {} : { owed }) };
  switch (planned.outcome) {
    case 'noop':
      return {
        outcome: 'maybe',
        dependsOn: steps,
        reason: `as things are now: ${planned.reason}`,
        provisional: [],
        ...notes,
      };
    case 'change':
      return {
        outcome: 'maybe',
        dependsOn: steps,
        reason: 'as things are now',
        provisional: planned.changes,
        ...notes,
      };
    case 'refused':
      return {
        outcome: 'maybe',
        dependsOn: steps,
        reason: `as things are now it would be refused: ${planned.reason}`,
        provisional: [],
        ...notes,
      };
  }
}
