import type { Step } from '../config/types.ts';
import type { AppError } from '../errors.ts';
import { hostStatusOf } from '../errors.ts';
import type { Change } from '../operations/change.ts';
import type { Connection } from '../transport/transport.ts';
import type { StepPlan } from '../plan/plan.ts';
import type { RunEvent } from './event.ts';
import type { Interpreter } from './interpret.ts';
import type { Journal } from './journal.ts';
import type { Laptop } from './laptop.ts';
import type { PlannedItem, StepItem } from './plan-step.ts';
import { showChange, showError } from './shown.ts';

/** Says what happens on one host: to the journal, which is awaited, and to the renderers, which are not. */
export class Recorder {
  /** Summaries of the changes that have been carried out, in order; also when the step fails later. */
  readonly applied: string[] = [];
  readonly #host: string;
  readonly #journal: Journal;
  readonly #emit: (event: RunEvent) => void;
  readonly #connection: Connection;
  readonly #laptop: Laptop;
  readonly #signal: AbortSignal;

  constructor(host: string, journal: Journal, emit: (event: RunEvent) => void, connection: Connection, laptop: Laptop, signal: AbortSignal) {
    this.#host = host;
    this.#journal = journal;
    this.#emit = emit;
    this.#connection = connection;
    this.#laptop = laptop;
    this.#signal = signal;
  }

  factsRead(step: Step, facts: readonly string[]): void {
    this.#emit({ type: 'facts.read', host: this.#host, step: step.name, facts });
  }

  planned(plan: StepPlan): void {
    this.#emit(plannedEvent(this.#host, plan));
  }

  verified(step: Step): void {
    this.#emit({ type: 'step.verified', host: this.#host, step: step.name, operation: step.operation });
  }

  /** Carries out one change, with its intent on the disk before each of its effects and the outcome after. */
  async change<Result>({ step, id }: StepItem, planned: PlannedItem, change: Change, apply: (interpreter: Interpreter) => Promise<Result>): Promise<Result> {
    const at = { host: this.#host, step: step.name };
    const now = (): string => new Date().toISOString();
    const started = performance.now();
    this.#emit({ type: 'change.started', ...at, summary: change.summary });
    const result = await apply({
      connection: this.#connection,
      laptop: this.#laptop,
      signal: this.#signal,
      onOutput: (stream, text) => {
        this.#emit({ type: 'action.output', ...at, stream, text });
      },
      journal: {
        intent: (actions) => this.#journal.append({ type: 'intent', at: now(), host: this.#host, step: id, want: planned.plan.want, change, actions }),
        outcome: (actions, error) => this.#journal.append({ type: 'outcome', at: now(), host: this.#host, step: id, summary: change.summary, actions, ...(error === undefined ? {} : { error }) }),
      },
    });
    this.applied.push(change.summary);
    this.#emit({ type: 'change.applied', ...at, summary: change.summary, seconds: Math.round(performance.now() - started) / 1000 });
    return result;
  }
}

export function plannedEvent(host: string, { step, operation, planned }: StepPlan): RunEvent {
  const { warnings, owed } = planned;
  const changes = planned.outcome === 'change' ? planned.changes : planned.outcome === 'maybe' ? planned.provisional : [];
  return {
    type: 'step.planned',
    host,
    step,
    operation,
    outcome: planned.outcome,
    changes: changes.map(showChange),
    ...(planned.outcome === 'change' ? {} : { reason: planned.reason }),
    ...(planned.outcome === 'refused' ? { remedy: planned.remedy } : {}),
    ...(planned.outcome === 'maybe' ? { dependsOn: planned.dependsOn } : {}),
    ...(warnings === undefined ? {} : { warnings }),
    ...(owed === undefined ? {} : { owed }),
  };
}

export function finishedEvent(host: string, error: AppError | undefined, ended: { readonly changed: boolean; readonly step?: string | undefined; readonly owed: readonly string[] }): Extract<RunEvent, { type: 'host.finished' }> {
  return {
    type: 'host.finished',
    host,
    status: error === undefined ? (ended.changed ? 'changed' : 'ok') : hostStatusOf(error.code),
    ...(error === undefined ? {} : { error: showError(error) }),
    ...(ended.owed.length === 0 ? {} : { owed: ended.owed }),
    ...(ended.step === undefined ? {} : { step: ended.step }),
  };
}
