import type { Play } from '../config/types.ts';
import { AppError, toAppError } from '../errors.ts';
import { applyItem, withRetries } from './apply-item.ts';
import type { Applied } from './apply-item.ts';
import { FactBase } from './fact-reader.ts';
import type { HostRun } from './host-run.ts';
import type { Journal } from './journal.ts';
import { connect, playContext } from './plan-host.ts';
import type { HostPlay, PlannedItem } from './plan-step.ts';
import { itemsOf } from './plan-step.ts';
import { Recorder } from './recorder.ts';
import type { RunContext } from './run.ts';

/** Applies one play to one host. What goes wrong becomes the host's own error; others go on. */
export async function applyHost(context: RunContext, journal: Journal, run: HostRun, play: Play): Promise<void> {
  try {
    const inPlay = playContext(context, run, play);
    const approved = new Map((run.planned.get(play.number) ?? []).map((item) => [item.item.id, item]));
    for (const step of play.steps) {
      run.step = step.name;
      context.signal.throwIfAborted();
      const connection = await connect(context, run, play, step);
      const host: HostPlay = { ...inPlay, connection };
      const stepSignal = step.timeoutSeconds === undefined ? context.signal : AbortSignal.any([context.signal, AbortSignal.timeout(step.timeoutSeconds * 1000)]);
      const recorder = new Recorder(run.name, journal, context.emit, connection, context.laptop, stepSignal);
      const results = await applyStep(context, host, run, step, approved, recorder, stepSignal);
      if (step.register !== undefined) host.registers[step.register] = step.loop === undefined ? (results[0]?.result ?? null) : results.map(({ result }) => result);
    }
    run.step = undefined;
  } catch (thrown) {
    run.error = toAppError(thrown);
  }
}

async function applyStep(context: RunContext, host: HostPlay, run: HostRun, step: Play['steps'][number], approved: ReadonlyMap<string, PlannedItem>, recorder: Recorder, signal: AbortSignal): Promise<readonly Applied[]> {
  try {
    const items = await itemsOf(host, step, new FactBase(), signal);
    if ('unknown' in items) throw new AppError('internal', `${step.name}: its loop is not known although every step before it has run`);
    const results: Applied[] = [];
    for (const item of items) {
      // A second attempt starts from what the first one has left, so it cannot be held to the first one's plan.
      let plan = approved.get(item.id);
      const attempt = async (): Promise<Applied> => {
        const first = plan;
        plan = undefined;
        return applyItem(host, item, first, recorder, signal);
      };
      const applied = await withRetries(host, step, attempt, signal);
      run.applied.push(...applied.summaries);
      results.push(applied);
    }
    // What is owed after the step replaces what its plan said.
    run.note(results.flatMap(({ owed }) => owed), results.flatMap(({ warnings }) => warnings));
    return results;
  } catch (thrown) {
    const error = timedOut(toAppError(thrown), step.timeoutSeconds, context.signal);
    const fatal = error.code === 'connection-lost' || error.code === 'interrupted' || error.code === 'internal';
    if (step.onError === 'fail' || fatal) throw error;
    run.note([], [`${step.name} failed and was passed over (on_error: continue): ${error.message}`]);
    return [];
  }
}

/** The step's own time-out arrives as an abort, like the operator's. */
function timedOut(error: AppError, seconds: number | undefined, signal: AbortSignal): AppError {
  if (seconds === undefined || signal.aborted || (error.code !== 'interrupted' && error.code !== 'internal')) return error;
  return new AppError('timed-out', `not finished within its timeout of ${String(seconds)} seconds`, { cause: error, hint: 'raise timeout: of the step, or find out why it hangs' });
}
