import type { Step } from '../../config/model/types.ts';
import type { Change } from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { StepPlan } from '../../plan/plan.ts';
import type { Downtime } from '../report/downtime.ts';
import { downtimesOf } from '../report/downtime.ts';
import type { RunEvent } from '../report/event.ts';
import type { EffectJournal, Interpreter } from '../work/interpreter.ts';
import { carryOutAlone } from '../work/interpret.ts';
import type { Meeting } from '../work/meeting.ts';
import type { Intent, Journal } from '../journal/journal.ts';
import type { Laptop } from '../reach/laptop.ts';
import type { Link } from '../reach/link.ts';
import type { PlannedItem, StepItem } from '../planning/plan-step.ts';
import type { Claim } from '../journal/records.ts';
import type { RunRecords } from '../journal/run-records.ts';
import { recorded } from '../journal/recorded-output.ts';
import { plannedEvent } from '../report/shown.ts';

export interface RecorderOptions {
  readonly host: string;
  readonly runId: string;
  /** Which part of the run: 0 for what was applied first, then one more for each time it was continued. */
  readonly part: number;
  readonly journal: Journal;
  readonly records: RunRecords;
  readonly emit: (event: RunEvent) => void;
  readonly link: Link;
  readonly laptop: Laptop;
  readonly lock: Interpreter['lock'];
  readonly signal: AbortSignal;
  readonly detach: AbortSignal;
  readonly stepTimeoutMs: number | undefined;
  /** Where the step's effect is one of a series: which, from 0, and where it meets the others. */
  readonly series?: { readonly nth: number; readonly meeting: Meeting } | undefined;
}

/** No two pieces of work of a run have the same on a host. */
export function workName(part: number, id: string, ...more: readonly (number | string)[]): string {
  return [part, id.replaceAll(/[^\w.]/g, '_'), ...more].join('-');
}

/** Says what happens on one host: to the journal, which is awaited, and to the renderers, which are not. */
export class Recorder {
  /** Summaries of the changes that have been carried out, in order; also when the step fails later. */
  readonly applied: string[] = [];
  readonly downtimes: Downtime[] = [];
  readonly #options: RecorderOptions;
  /** Whether any change has been begun. */
  begun = false;
  /** Work is never begun twice under one name: a step that is tried again has another one. */
  #attempt = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  attempt(number: number): void {
    this.#attempt = number;
  }

  factsRead(step: Step, facts: readonly string[]): void {
    this.#options.emit({ type: 'facts.read', host: this.#options.host, step: step.name, facts });
  }

  planned(plan: StepPlan): void {
    this.#options.emit(plannedEvent(this.#options.host, plan));
  }

  verified(step: Step): void {
    this.#options.emit({ type: 'step.verified', host: this.#options.host, step: step.name, operation: step.operation });
  }

  /**
   * Carries out one change, with its intent on the disk before each of its effects and the outcome after.
   * The versions that it makes are claimed before, and settled after, whatever has become of it.
   */
  async change(
    { step }: StepItem,
    planned: PlannedItem,
    number: number,
    change: Change,
    apply: (interpreter: Interpreter) => Promise<StepOutput | undefined>,
  ): Promise<StepOutput | undefined> {
    const { host, emit, link, laptop, lock, signal, detach, stepTimeoutMs, journal, records, series } = this.#options;
    const at = { host, step: step.name };
    const claims = await records.claim(host, change, journal, signal);
    let started = performance.now();
    this.begun = true;
    const begins = (): void => {
      started = performance.now();
      emit({ type: 'change.started', ...at, summary: change.summary });
    };
    if (series === undefined) begins();
    const result = await apply({
      link,
      laptop,
      lock,
      signal,
      detach,
      stepTimeoutMs,
      onOutput: (stream, text) => {
        emit({ type: 'action.output', ...at, stream, text });
      },
      onProgress: (progress) => {
        emit({ type: 'action.progress', ...at, ...progress });
      },
      journal: this.#effects(planned, number, change, claims),
      carryOut:
        series === undefined
          ? carryOutAlone
          : (following, program) => series.meeting.carryOut(series.nth, following, program, begins),
    }).finally(() => records.settle(host, journal));
    this.applied.push(change.summary);
    const downtime = downtimesOf(change, result?.stdout ?? '');
    this.downtimes.push(...downtime);
    emit({
      type: 'change.applied',
      ...at,
      summary: change.summary,
      seconds: Math.round(performance.now() - started) / 1000,
      ...(downtime.length === 0 ? {} : { downtime }),
    });
    return result;
  }

  #effects(
    { plan: { id, step, operation, want } }: PlannedItem,
    number: number,
    change: Change,
    claims: readonly Claim[],
  ): EffectJournal {
    const { host, runId, part, journal, link, series } = this.#options;
    const now = (): string => new Date().toISOString();
    return {
      intent: async (actions, program) => {
        const work = {
          run: runId,
          name: series?.meeting.series.name ?? workName(part, id, number, actions[0] ?? 0, this.#attempt),
        };
        const intent: Intent = {
          type: 'intent',
          at: now(),
          host,
          step: id,
          name: step,
          operation,
          want,
          number,
          change,
          actions,
          become: link.become,
          ...(program ? { work: work.name } : {}),
          ...(series === undefined ? {} : { series: { nth: series.nth, mark: series.meeting.series.mark } }),
          ...(claims.length === 0 ? {} : { records: claims }),
        };
        const append = (): Promise<void> => journal.append(intent);
        await (series === undefined ? append() : series.meeting.inOrder(series.nth, append));
        return { work, text: JSON.stringify(intent, null, 2) };
      },
      outcome: (actions, ended) =>
        journal.append({
          type: 'outcome',
          at: now(),
          host,
          step: id,
          number,
          summary: change.summary,
          actions,
          ...('error' in ended
            ? { error: { code: ended.error.code, message: ended.error.message } }
            : ended.output === undefined
              ? {}
              : { output: recorded(ended.output) }),
        }),
    };
  }
}
