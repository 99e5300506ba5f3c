import type { Play, Step } from '../config/types.ts';
import type { Connection } from '../transport/transport.ts';
import { AppError, toAppError } from '../errors.ts';
import type { Applied } from './apply-item.ts';
import { applyItem, withRetries } from './apply-item.ts';
import { askAhead, beforeAnyChange } from './ask-ahead.ts';
import { FactBase } from './fact-reader.ts';
import type { HostRun } from './host-run.ts';
import type { Journal } from './journal.ts';
import { connect, playContext } from './plan-host.ts';
import type { HostPlay, PlannedItem, StepItem } from './plan-step.ts';
import { itemsOf, placeOf, planItem } from './plan-step.ts';
import { Recorder } from './recorder.ts';
import type { RunContext } from './run.ts';
import { canonicalJson } from '../values/json.ts';
import { oneLine } from '../values/terminal.ts';

/** Applies one play to one host. What goes wrong becomes the host's own error; others go on. */
export async function applyHost(context: RunContext, journal: Journal, run: HostRun, play: Play): Promise<void> {
  try {
    const inPlay = playContext(context, run, play);
    const approved = new Map((run.planned.get(play.number) ?? []).map((item) => [item.item.id, item]));
    const facts = new Facts();
    for (const [index, step] of play.steps.entries()) {
      run.step = step.name;
      context.signal.throwIfAborted();
      const connection = await connect(context, run, play, step);
      const host: HostPlay = { ...inPlay, connection };
      const stepSignal = step.timeoutSeconds === undefined ? context.signal : AbortSignal.any([context.signal, AbortSignal.timeout(step.timeoutSeconds * 1000)]);
      const recorder = new Recorder(run.name, journal, context.emit, connection, context.laptop, stepSignal);
      await facts.ahead(host, play.steps.slice(index), context.signal);
      const results = await applyStep(context, host, run, step, approved, facts, recorder, stepSignal);
      if (step.register !== undefined) host.registers[step.register] = step.loop === undefined ? (results[0]?.result ?? null) : results.map(({ result }) => result);
    }
    run.step = undefined;
  } catch (thrown) {
    run.error = toAppError(thrown);
  }
}

/** What is known of a host, by connection, since it was last changed. */
class Facts {
  #bases = new Map<Connection, FactBase>();

  of(connection: Connection): FactBase {
    const base = this.#bases.get(connection) ?? new FactBase();
    this.#bases.set(connection, base);
    return base;
  }

  async ahead(host: HostPlay, steps: readonly Step[], signal: AbortSignal): Promise<void> {
    if (this.#bases.has(host.connection)) return;
    await askAhead(host, beforeAnyChange(host, steps), this.of(host.connection), signal);
  }

  forget(): void {
    this.#bases = new Map();
  }

  keep(connection: Connection, base: FactBase): void {
    this.#bases.set(connection, base);
  }
}

async function applyStep(context: RunContext, host: HostPlay, run: HostRun, step: Step, approved: ReadonlyMap<string, PlannedItem>, facts: Facts, recorder: Recorder, signal: AbortSignal): Promise<readonly Applied[]> {
  try {
    const items = await itemsOf(host, step, facts.of(host.connection), signal);
    if ('unknown' in items) throw new AppError('internal', `${step.name}: its loop is not known although every step before it has run`);
    const results: Applied[] = [];
    refuseOtherItems(step, [...approved.values()].filter(({ item }) => item.step === step), items);
    for (const item of items) {
      const plan = approved.get(item.id);
      let want = plan?.want;
      const attempt = async (number: number): Promise<Applied> => {
        // A later attempt starts from what the first one has left: it reads everything again, and it
        // is held to what was wanted (a size that is relative to now grows once), not to the plan.
        const base = number === 1 ? facts.of(host.connection) : new FactBase();
        // Whatever becomes of the attempt, what was known before it is not to be relied on any more.
        facts.forget();
        const planned = await planItem(host, item, base, [], signal, want);
        want = planned.want ?? want;
        const applied = await applyItem(host, planned, number === 1 ? plan : undefined, base, recorder, signal);
        facts.keep(host.connection, applied.base);
        return applied;
      };
      results.push(await withRetries(host, item, attempt, signal));
    }
    // What is owed after the step replaces what its plan said.
    run.note(results.flatMap(({ owed }) => owed), results.flatMap(({ warnings }) => warnings));
    return results;
  } catch (thrown) {
    const error = timedOut(toAppError(thrown), step.timeoutSeconds, signal, context.signal);
    const fatal = error.code === 'connection-lost' || error.code === 'interrupted' || error.code === 'internal' || error.code === 'drift';
    if (step.onError === 'fail' || fatal) throw error;
    run.note([], [`${step.name} failed and was passed over (on_error: continue): ${error.message}`]);
    return [];
  } finally {
    run.applied.push(...recorder.applied);
  }
}

/** A loop whose items were known when the plan was approved must still have the same ones. */
function refuseOtherItems(step: Step, approved: readonly PlannedItem[], items: readonly StepItem[]): void {
  const wasOpen = approved.some(({ item }) => step.loop !== undefined && !('item' in item));
  const of = (list: readonly StepItem[]): string => canonicalJson(list.map(({ item = null }) => item));
  const [was, is] = [of(approved.map(({ item }) => item)), of(items)];
  if (wasOpen || was === is) return;
  throw new AppError('drift', `the loop of ${step.name} is not as it was when the plan was approved: was ${oneLine(was)}, is ${oneLine(is)}`, { hint: 'plan again, look at what is different, and apply then', where: placeOf(step) });
}

/** The step's own time-out arrives as an abort, like the operator's. */
function timedOut(error: AppError, seconds: number | undefined, own: AbortSignal, operators: AbortSignal): AppError {
  if (seconds === undefined || !own.aborted || operators.aborted || (error.code !== 'interrupted' && error.code !== 'internal')) return error;
  return new AppError('timed-out', `not finished within its timeout of ${String(seconds)} seconds`, { cause: error, hint: 'raise timeout: of the step, or find out why it hangs' });
}
