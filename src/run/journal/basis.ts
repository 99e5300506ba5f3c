import type { StepOutput } from '../../operations/engine/operation.ts';
import type { HostPlan, StepPlan } from '../../plan/plan.ts';
import type { Json } from '../../values/json.ts';
import type { Intent, RecordedOutcome } from './journal.ts';

/** What an earlier part of the run has done of a step that has no desired state of its own. */
export type Past =
  /** All of its changes, with what the last program printed. */
  | { readonly kind: 'done'; readonly output: StepOutput | undefined }
  /** It was begun, and nobody knows whether it came to its end. */
  | { readonly kind: 'unknown'; readonly summary: string };

/** What a run starts from when it does not start from nothing: a saved plan, or an earlier part of itself. */
export interface Basis {
  /** A saved plan for the host; undefined when the run is not bound to one. Drift from it ends the host. */
  approved(host: string): HostPlan | undefined;
  /** What the step was asked for when this very run planned it first: a relative size stays what it was then. */
  want(host: string, step: string): Json | undefined;
  past(host: string, step: string): Past | undefined;
  /** Intents that have no outcome: the host is asked what became of them before anything is planned. */
  open(host: string): readonly Intent[];
  /** The same once these outcomes of open intents are known. */
  knowing(outcomes: readonly RecordedOutcome[]): Basis;
}

/** One host's share of it. */
export interface HostBasis {
  /** What a saved plan says of the step. It may come from anybody, so that what is wanted is computed anew; only what was made absolute is taken from it. */
  approved(step: string): StepPlan | undefined;
  want(step: string): Json | undefined;
  past(step: string): Past | undefined;
}

export function hostBasis(basis: Basis, host: string): HostBasis {
  return {
    approved: (step) => basis.approved(host)?.steps.find(({ id }) => id === step),
    want: (step) => basis.want(host, step),
    past: (step) => basis.past(host, step),
  };
}

/** Of a run that starts from nothing. */
export const nothingBefore: Basis = {
  approved: () => undefined,
  want: () => undefined,
  past: () => undefined,
  open: () => [],
  knowing: () => nothingBefore,
};
