import type { Host, Play } from '../config/types.ts';
import type { AppError } from '../errors.ts';
import { hostStatusOf } from '../errors.ts';
import type { HostPlan } from '../plan/plan.ts';
import { mayChange } from '../plan/plan.ts';
import type { Connection } from '../transport/transport.ts';
import type { PlannedItem } from './plan-step.ts';
import type { HostResult } from './recap.ts';

/** One host's share of a run, from its connection to its recap. */
export class HostRun {
  readonly host: Host;
  readonly plays: readonly Play[];
  /** By how it became root: plays may differ in that. */
  readonly connections = new Map<string, Connection>();
  /** What was planned, by the play's number. */
  readonly planned = new Map<number, readonly PlannedItem[]>();
  readonly applied: string[] = [];
  owed: readonly string[] = [];
  warnings: readonly string[] = [];
  error: AppError | undefined;
  /** The step at which it stopped. */
  step: string | undefined;
  finished = false;

  constructor(host: Host, plays: readonly Play[]) {
    this.host = host;
    this.plays = plays;
  }

  get name(): string {
    return this.host.name;
  }

  note(owed: readonly string[], warnings: readonly string[]): void {
    this.owed = [...new Set([...this.owed, ...owed])];
    this.warnings = [...new Set([...this.warnings, ...warnings])];
  }

  get hasChanges(): boolean {
    return [...this.planned.values()].flat().some(({ plan }) => mayChange(plan));
  }

  toPlan(): HostPlan {
    const steps = [...this.planned.values()].flat().map(({ plan }) => plan);
    return { host: this.name, steps, ...(this.error === undefined ? {} : { error: this.error }) };
  }

  toResult(): HostResult {
    const status = this.error === undefined ? (this.applied.length > 0 ? 'changed' : 'ok') : hostStatusOf(this.error.code);
    return {
      host: this.name,
      status,
      applied: this.applied,
      owed: this.owed,
      warnings: this.warnings,
      ...(this.error === undefined ? {} : { error: this.error }),
      ...(this.step === undefined ? {} : { step: this.step }),
    };
  }
}
