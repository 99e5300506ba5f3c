import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import type { Expression } from '../../config/model/types.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import { compare, lapsedOf } from '../../plan/compare.ts';
import type { Json } from '../../values/json.ts';
import { FactBase, readFacts } from '../planning/fact-reader.ts';
import { applyChange } from '../work/interpret.ts';
import type { HostPlay, PlannedItem, StepItem } from '../planning/plan-step.ts';
import { operationOf, placeOf, resultOf, scopeOf } from '../planning/plan-step.ts';
import type { Recorder } from './recorder.ts';

/** What one item came to. */
export interface Applied {
  /** The value for `register`. */
  readonly result: Json;
  readonly owed: readonly string[];
  readonly warnings: readonly string[];
  /** What is known of the host now: read after the last change, so that the next step may rest on it. */
  readonly base: FactBase;
}

/**
 * Applies one step for one loop item. It has just been planned again from live facts (`base`, which
 * holds nothing that was read before the last change): compares that with what was approved, carries
 * it out, and plans it once more: now there must be nothing left to do.
 *
 * Errors: `drift` when what was certain is not so any more, `refused`, `verification-failed`, and
 * those of the interpreter.
 */
export async function applyItem(
  context: HostPlay,
  planned: PlannedItem,
  approved: PlannedItem | undefined,
  base: FactBase,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<Applied> {
  const { item } = planned;
  recorder.factsRead(item.step, planned.facts);
  const { outcome } = planned.plan.planned;
  if (outcome === 'refused')
    throw new AppError('refused', planned.plan.planned.reason, {
      hint: planned.plan.planned.remedy,
      where: planned.plan.where,
    });
  if (approved !== undefined) refuseDrift(approved, planned);
  const lapsed = approved === undefined ? [] : lapsedOf(approved.plan.planned, planned.plan.planned);
  const warnings = [
    ...lapsed.map((summary) => `${summary}: was passed over: since it was approved the reason for it has gone`),
    ...(planned.plan.planned.warnings ?? []),
  ];
  const notes = { owed: planned.plan.planned.owed ?? [], warnings };
  if (outcome === 'maybe')
    throw new AppError(
      'action-failed',
      `${item.step.name}: ${planned.plan.planned.reason}, and that step has not run here`,
      {
        where: planned.plan.where,
        hint: 'a step of a rescue or always can only read what has been registered before the failure',
      },
    );
  if (outcome === 'noop') return { result: planned.result ?? null, base, ...notes };

  let output: StepOutput | undefined;
  for (const [number, change] of planned.plan.planned.changes.entries()) {
    signal.throwIfAborted();
    output =
      (await recorder.change(item, planned, number, change, (interpreter) => applyChange(interpreter, change))) ??
      output;
  }
  return { ...(await verified(context, item, planned, output, recorder, signal)), warnings };
}

function refuseDrift(approved: PlannedItem, fresh: PlannedItem): void {
  const differences = compare(approved.plan.planned, fresh.plan.planned);
  if (differences.length === 0) return;
  throw new AppError('drift', `the host is not as it was when the plan was approved: ${differences.join('; ')}`, {
    hint: 'plan again, look at what is different, and apply then',
    where: fresh.plan.where,
  });
}

/** The law of every operation: once it has been applied there is nothing left to do. */
async function verified(
  context: HostPlay,
  item: StepItem,
  planned: PlannedItem,
  output: StepOutput | undefined,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<Omit<Applied, 'warnings'>> {
  const { step } = item;
  const operation = operationOf(context, step);
  const want = operation.onceApplied?.(planned.want) ?? planned.want;
  const after = new FactBase();
  const facts = await readFacts(context.link, after, () => operation.needs(want, after), context.laptop, signal);
  recorder.factsRead(step, facts);
  let owed = planned.plan.planned.owed ?? [];
  if (!operation.repeats) {
    const left = operation.plan(want, after);
    if (left.outcome !== 'noop') {
      const why =
        left.outcome === 'change'
          ? `still to do: ${left.changes.map(({ summary }) => summary).join('; ')}`
          : left.reason;
      throw new AppError('verification-failed', `after ${step.name} the host is not as wanted: ${why}`, {
        where: placeOf(step),
        hint: 'the commands reported success; look at the host before you run it again',
      });
    }
    owed = left.owed ?? [];
    const findings = operation.verify?.(want, after) ?? [];
    if (findings.length > 0)
      throw new AppError('verification-failed', findings.map(({ message }) => message).join('; '), {
        where: placeOf(step),
        hint: 'look at the host before you run it again',
      });
  }
  recorder.verified(step);
  return {
    result: resultOf(context, step, want, after, output),
    owed,
    base: after,
  };
}

/** Tries a step again as its `retries` say, until it succeeds and its `until` holds. */
export async function withRetries(
  context: HostPlay,
  item: StepItem,
  attempt: (number: number) => Promise<Applied>,
  signal: AbortSignal,
): Promise<Applied> {
  const { step } = item;
  const { retries = 0, delaySeconds = 5, until } = step.retry ?? {};
  for (let number = 1; ; number += 1) {
    try {
      const applied = await attempt(number);
      if (until === undefined || (await holds(context, item, until, applied.result, signal))) return applied;
      throw new AppError('action-failed', `${step.name}: until does not hold: ${until.text}`, { where: placeOf(step) });
    } catch (thrown) {
      const again =
        thrown instanceof AppError &&
        (thrown.code === 'action-failed' || thrown.code === 'timed-out' || thrown.code === 'verification-failed');
      if (!again || number > retries) throw thrown;
    }
    await wait(delaySeconds * 1000, undefined, { signal });
  }
}

/** `until` sees the step's own register. */
async function holds(
  context: HostPlay,
  { step, item }: StepItem,
  until: Expression,
  result: Json,
  signal: AbortSignal,
): Promise<boolean> {
  const scope = await scopeOf(context, step, new FactBase(), signal);
  const registers = step.register === undefined ? scope.registers : { ...scope.registers, [step.register]: result };
  const value = until.evaluate({ ...scope, registers, ...(item === undefined ? {} : { item }) });
  return 'value' in value && value.value === true;
}

/** The step's own time-out arrives as an abort, like the operator's. */
export function timedOut(
  error: AppError,
  seconds: number | undefined,
  own: AbortSignal,
  operators: AbortSignal,
): AppError {
  if (
    seconds === undefined ||
    !own.aborted ||
    operators.aborted ||
    (error.code !== 'interrupted' && error.code !== 'internal')
  )
    return error;
  return new AppError('timed-out', `not finished within its timeout of ${String(seconds)} seconds`, {
    cause: error,
    hint: 'raise timeout: of the step, or find out why it hangs',
  });
}
