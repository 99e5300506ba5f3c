import type { Host, Play } from '../../config/model/types.ts';
import type { AppError } from '../../errors.ts';
import { hostStatusOf } from '../../errors.ts';
import type { HostPlan } from '../../plan/plan.ts';
import type { StepPlan } from '../../plan/plan.ts';
import { mayChange } from '../../plan/plan.ts';
import type { HostBasis } from '../journal/basis.ts';
import type { Link } from '../reach/link.ts';
import type { PlannedItem } from './plan-step.ts';
import type { Downtime } from '../report/downtime.ts';
import type { HostResult, RunMode } from '../report/recap.ts';

/** One host's share of a run, from its connection to its recap. */
export class HostRun {
  readonly host: Host;
  readonly plays: readonly Play[];
  /** By how it became root: plays may differ in that. */
  readonly links = new Map<string, Link>();
  /** To other hosts, by their names: for what a step has to do with two. */
  readonly peers = new Map<string, Link>();
  /** What was planned, by the play's number. */
  readonly planned = new Map<number, readonly PlannedItem[]>();
  readonly applied: string[] = [];
  readonly downtimes: Downtime[] = [];
  owed: readonly string[] = [];
  warnings: readonly string[] = [];
  error: AppError | undefined;
  /** The step at which it stopped. */
  step: string | undefined;
  /** The renderers have been told its end. */
  finished = false;
  /** Its end is in the journal. */
  recorded = false;

  /** What an earlier part of the run, or a saved plan, says about it. */
  before: HostBasis;

  constructor(host: Host, plays: readonly Play[], before: HostBasis) {
    this.host = host;
    this.plays = plays;
    this.before = before;
  }

  get name(): string {
    return this.host.name;
  }

  note(owed: readonly string[], warnings: readonly string[]): void {
    this.owed = [...new Set([...this.owed, ...owed])];
    this.warnings = [...new Set([...this.warnings, ...warnings])];
  }

  /** Said of some steps once all have been planned. */
  warn(which: (plan: StepPlan) => boolean, warning: string): void {
    for (const [play, items] of this.planned) {
      this.planned.set(
        play,
        items.map((item) =>
          which(item.plan)
            ? {
                ...item,
                plan: {
                  ...item.plan,
                  planned: { ...item.plan.planned, warnings: [...(item.plan.planned.warnings ?? []), warning] },
                },
              }
            : item,
        ),
      );
    }
    this.note([], [warning]);
  }

  get hasChanges(): boolean {
    return [...this.planned.values()].flat().some(({ plan }) => mayChange(plan));
  }

  toPlan(): HostPlan {
    const steps = [...this.planned.values()].flat().map(({ plan }) => plan);
    return { host: this.name, steps, ...(this.error === undefined ? {} : { error: this.error }) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.links.values(), ...this.peers.values()].map((link) => link.close()));
  }

  toResult(mode: RunMode): HostResult {
    const status =
      this.error === undefined ? (this.applied.length > 0 ? 'changed' : 'ok') : hostStatusOf(this.error.code);
    return {
      host: this.name,
      status,
      applied: mode === 'rollback' ? [] : this.applied,
      undone: mode === 'rollback' ? this.applied : [],
      owed: this.owed,
      warnings: this.warnings,
      ...(this.downtimes.length === 0 ? {} : { downtimes: this.downtimes }),
      ...(this.error === undefined ? {} : { error: this.error }),
      ...(this.step === undefined ? {} : { step: this.step }),
    };
  }
}
