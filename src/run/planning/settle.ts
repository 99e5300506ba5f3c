import { toAppError } from '../../errors.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { Basis } from '../journal/basis.ts';
import { compile, isScriptAction } from '../work/compile.ts';
import type { Following } from '../work/follow.ts';
import { takeUp } from '../work/follow.ts';
import { takeUpOneOf } from '../work/series.ts';
import type { HostRun } from './host-run.ts';
import { outputOf } from '../work/ended.ts';
import type { Intent, RecordedOutcome } from '../journal/journal.ts';
import type { Link } from '../reach/link.ts';
import { connect } from './connect.ts';
import { recorded } from '../journal/recorded-output.ts';
import type { RunContext } from './context.ts';

/**
 * Asks the host what became of everything that an earlier part of the run has begun and of which no
 * end is recorded; what still goes on is followed to its end (a rollback ends it, where it may be
 * ended half way). The outcomes are recorded. Nothing is planned before all of them are known.
 */
export async function settle(context: RunContext, run: HostRun): Promise<Basis> {
  const open = context.basis.open(run.name);
  const outcomes: RecordedOutcome[] = [];
  for (const intent of open) {
    const outcome = await outcomeOf(context, run, intent);
    await (await context.journal()).append(outcome);
    outcomes.push(outcome);
  }
  return outcomes.length === 0 ? context.basis : context.basis.knowing(outcomes);
}

async function outcomeOf(context: RunContext, run: HostRun, intent: Intent): Promise<RecordedOutcome> {
  const { host, step, number, change, actions } = intent;
  const known = (ended: Pick<RecordedOutcome, 'error' | 'output'>): RecordedOutcome => ({
    type: 'outcome',
    at: new Date().toISOString(),
    host,
    step,
    number,
    summary: change.summary,
    actions,
    ...ended,
  });
  if (intent.work === undefined) {
    return known({
      error: {
        code: 'outcome-unknown',
        message: 'it was begun, and the run ended before it was known whether it was done',
      },
    });
  }
  run.step = intent.name;
  const link = await connect(context, run, {}, { become: intent.become });
  link.persist();
  const ended = await endOf(context, link, intent, intent.work);
  try {
    return known({ output: recorded(ended()) });
  } catch (thrown) {
    const { code, message } = toAppError(thrown);
    return known({ error: { code, message } });
  }
}

/** What it returns gives what the work printed, or throws how it failed. Errors: LeftOnHost, about asking. */
async function endOf(
  context: RunContext,
  link: Link,
  { change, actions, name, series }: Intent,
  workName: string,
): Promise<() => StepOutput> {
  const scripted = actions.flatMap((index) => change.actions[index] ?? []).filter(isScriptAction);
  const { timeoutMs = link.commandTimeoutMs } = compile(scripted, !change.atomic);
  const following: Following = {
    link,
    work: { run: context.runId, name: workName },
    lock: (unless) => link.lock(context.lock, unless),
    onOutput: (stream, text) => {
      context.emit({ type: 'action.output', host: link.name, step: name, stream, text });
    },
    onProgress: (progress) => {
      context.emit({ type: 'action.progress', host: link.name, step: name, ...progress });
    },
    mayEnd: !change.atomic,
    stop: context.mode === 'rollback' ? AbortSignal.abort() : context.signal,
    detach: context.detach,
    timeoutMs,
  };
  const ending = await (series === undefined ? takeUp(following) : takeUpOneOf(series, following));
  // Nothing is done before the plan has been approved.
  await link.unlock();
  return () => outputOf(ending, scripted, change.atomic, timeoutMs);
}
