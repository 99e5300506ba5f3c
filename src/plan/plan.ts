import type { AppError } from '../errors.ts';
import type { MaxUnavailable } from '../operations/engine/max-unavailable.ts';
import type { Planned } from '../operations/engine/operation.ts';
import type { Json } from '../values/json.ts';

/** One step on one host, as planned. Plain JSON. */
export interface StepPlan {
  /** Unique in the run: play and step counted from 1, and the loop item: `1.3`, `1.3[2]`. */
  readonly id: string;
  /** What messages call the step: its `name`, or the operation's. */
  readonly step: string;
  readonly operation: string;
  /** `file:line:column` of the step in its playbook. */
  readonly where: string;
  /** The step's input with every expression resolved and every relative size made absolute; null while unknown. */
  readonly want: Json;
  readonly planned: Planned;
  readonly maxUnavailable?: MaxUnavailable;
}

/** Whether the step changes something, or may. */
export function mayChange({ planned }: StepPlan): boolean {
  return planned.outcome === 'change' || planned.outcome === 'maybe';
}

/** Whether a change that it makes, or may make, is recorded as a version. */
export function makesVersions({ planned }: StepPlan): boolean {
  const changes =
    planned.outcome === 'change' ? planned.changes : planned.outcome === 'maybe' ? planned.provisional : [];
  return changes.some(({ records = [] }) => records.length > 0);
}

/** One host's share of a plan. */
export interface HostPlan {
  readonly host: string;
  readonly steps: readonly StepPlan[];
  /** Why there is no (complete) plan for this host. */
  readonly error?: AppError;
}

/** What a run would do. */
export interface Plan {
  readonly playbook: string;
  readonly hosts: readonly HostPlan[];
}
