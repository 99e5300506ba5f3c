import type { Block, Node, Play, Step } from '../../config/model/types.ts';
import { AppError, toAppError } from '../../errors.ts';
import { canonicalJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Applied } from './apply-item.ts';
import { applyItem, timedOut, withRetries } from './apply-item.ts';
import { FactBase } from '../planning/fact-reader.ts';
import type { HostRun } from '../planning/host-run.ts';
import type { Journal } from '../journal/journal.ts';
import { KnownFacts } from './known-facts.ts';
import type { Leave } from './members.ts';
import type { Others } from './others.ts';
import { connect } from '../planning/connect.ts';
import { playContext } from '../planning/plan-host.ts';
import type { HostPlay, PlannedItem, StepItem } from '../planning/plan-step.ts';
import { idOf, itemsOf, placeOf, planItem } from '../planning/plan-step.ts';
import { Recorder, workName } from './recorder.ts';
import type { RecorderOptions } from './recorder.ts';
import { seriesAt } from './series-of-steps.ts';
import { Meeting } from '../work/meeting.ts';
import { newSeries } from '../work/series.ts';
import type { RunContext } from '../planning/context.ts';

/** Applies one play to one host. What goes wrong becomes the host's own error; others go on. */
export async function applyHost(
  context: RunContext,
  journal: Journal,
  run: HostRun,
  play: Play,
  others: Others,
): Promise<void> {
  try {
    await new HostApply(context, journal, run, play, others).nodes(play.nodes);
    run.step = undefined;
  } catch (thrown) {
    run.error = toAppError(thrown);
    if (play.anyErrorsFatal) others.stop.because(run);
  }
}

/** What stopped some steps, and at which of them. */
interface Failed {
  readonly step: string | undefined;
  readonly error: AppError;
}

/** One play on one host, while it is being applied. */
class HostApply {
  readonly #context: RunContext;
  readonly #journal: Journal;
  readonly #run: HostRun;
  readonly #play: Play;
  readonly #others: Others;
  readonly #inPlay: Omit<HostPlay, 'link'>;
  readonly #approved: ReadonlyMap<string, PlannedItem>;
  readonly #facts = new KnownFacts();

  constructor(context: RunContext, journal: Journal, run: HostRun, play: Play, others: Others) {
    this.#context = context;
    this.#journal = journal;
    this.#run = run;
    this.#play = play;
    this.#others = others;
    this.#inPlay = playContext(context, run, play);
    this.#approved = new Map((run.planned.get(play.number) ?? []).map((item) => [item.item.id, item]));
  }

  async nodes(nodes: readonly Node[]): Promise<void> {
    for (let next = 0; next < nodes.length;) {
      const steps = seriesAt(this.#inPlay, this.#approved, nodes, next);
      const node = nodes[next];
      if (steps.length > 1) await this.#series(steps);
      else if (node?.kind === 'step') await this.#step(node.step);
      else if (node !== undefined) await this.#block(node.block);
      next += Math.max(steps.length, 1);
    }
  }

  /** Each goes its own way, and they meet where work is begun on the host. */
  async #series(steps: readonly Step[]): Promise<void> {
    const ids = steps.map((step) => idOf(this.#play, step));
    const name = workName(this.#context.part, `${ids[0] ?? ''}-to-${ids.at(-1) ?? ''}`);
    const meeting = new Meeting(newSeries(name), steps.length);
    const ends = await Promise.allSettled(
      steps.map((step, nth) =>
        this.#step(step, { nth, meeting }).finally(() => {
          meeting.left(nth);
        }),
      ),
    );
    // Those after the first that has failed were not begun.
    const failed = ends.findIndex(({ status }) => status === 'rejected');
    const end = ends[failed];
    if (end?.status !== 'rejected') return;
    this.#run.step = steps[failed]?.name;
    throw end.reason;
  }

  async #block({ name, steps, rescue, always }: Block): Promise<void> {
    const failed = await this.#tried(steps);
    const outcome =
      failed === undefined || rescue.length === 0 || endsTheHost(failed.error)
        ? failed
        : await this.#rescued(name, rescue, failed);
    // Not when nothing more can or may be done there.
    const after = outcome !== undefined && endsTheHost(outcome.error) ? undefined : await this.#tried(always);
    const first = outcome ?? after;
    if (first === undefined) return;
    this.#run.step = first.step;
    throw first.error;
  }

  async #rescued(block: string, rescue: readonly Node[], { step, error }: Failed): Promise<Failed | undefined> {
    const run = this.#run;
    const what = step ?? block;
    this.#context.emit({
      type: 'rescue.started',
      host: run.name,
      step: block,
      reason: `${what} failed: ${error.message}`,
    });
    const failed = await this.#tried(rescue);
    if (failed === undefined) run.note([], [`"${what}" failed, and "${block}" was rescued: ${error.message}`]);
    return failed;
  }

  async #tried(nodes: readonly Node[]): Promise<Failed | undefined> {
    try {
      await this.nodes(nodes);
      return undefined;
    } catch (thrown) {
      return { step: this.#run.step, error: toAppError(thrown) };
    }
  }

  async #step(step: Step, series?: RecorderOptions['series']): Promise<void> {
    const context = this.#context;
    const run = this.#run;
    run.step = step.name;
    context.signal.throwIfAborted();
    this.#others.stop.check(run);
    const link = await connect(context, run, this.#play, step);
    link.persist();
    const host: HostPlay = { ...this.#inPlay, link };
    // Nobody else may change what is being read from here on.
    await link.lock(context.lock);
    const leave = await this.#leave(step);
    try {
      // What a host waits for others is not of the step's time.
      const signal =
        step.timeoutSeconds === undefined
          ? context.signal
          : AbortSignal.any([context.signal, AbortSignal.timeout(step.timeoutSeconds * 1000)]);
      await this.#facts.ahead(host, this.#play.steps.slice(this.#play.steps.indexOf(step)), context.signal);
      const results = await this.#items(host, step, signal, { leave, series });
      if (step.register !== undefined)
        host.registers[step.register] =
          step.loop === undefined ? (results[0]?.result ?? null) : results.map(({ result }) => result);
    } finally {
      leave?.end();
    }
  }

  /** Where a step limits how many hosts it is at work on, and there is something to do for it here: waits for the others. */
  async #leave(step: Step): Promise<Leave | undefined> {
    const { signal, emit } = this.#context;
    const { name } = this.#run;
    const approved = [...this.#approved.values()].filter(({ item }) => item.step === step);
    if (step.maxUnavailable === undefined || approved.every(({ plan }) => plan.planned.outcome === 'noop'))
      return undefined;
    return this.#others.members.enter(step.maxUnavailable, name, signal, (reason) => {
      // By then the host may have become another one.
      this.#facts.forget();
      emit({ type: 'host.waiting', host: name, reason });
    });
  }

  async #items(
    host: HostPlay,
    step: Step,
    signal: AbortSignal,
    { leave, series }: { readonly leave: Leave | undefined; readonly series: RecorderOptions['series'] },
  ): Promise<readonly Applied[]> {
    const { runId, part, emit, laptop, lock, detach, records, signal: operators } = this.#context;
    const run = this.#run;
    const { link } = host;
    const recorder = new Recorder({
      host: run.name,
      runId,
      part,
      journal: this.#journal,
      records,
      emit,
      link,
      laptop,
      lock: (unless) => link.lock(lock, unless),
      signal,
      detach,
      series,
      stepTimeoutMs: step.timeoutSeconds === undefined ? undefined : step.timeoutSeconds * 1000,
    });
    try {
      const items = await itemsOf(host, step, this.#facts.of(link), signal);
      if ('unknown' in items)
        throw new AppError(
          'action-failed',
          `${step.name}: its loop needs ${items.unknown.join(', ')}, and the step that registers it has not run here`,
          {
            where: placeOf(step),
            hint: 'a step of a rescue or always can only read what has been registered before the failure',
          },
        );
      const results: Applied[] = [];
      refuseOtherItems(
        step,
        [...this.#approved.values()].filter(({ item }) => item.step === step),
        items,
      );
      for (const item of items)
        results.push(await withRetries(host, item, this.#attempts(host, item, recorder, signal), signal));
      // What is owed after the step replaces what its plan said.
      run.note(
        results.flatMap(({ owed }) => owed),
        results.flatMap(({ warnings }) => warnings),
      );
      return results;
    } catch (thrown) {
      if (recorder.begun) leave?.failed();
      const error = timedOut(toAppError(thrown), step.timeoutSeconds, signal, operators);
      if (step.onError === 'fail' || endsTheHost(error)) throw error;
      run.note([], [`${step.name} failed and was passed over (on_error: continue): ${error.message}`]);
      return [];
    } finally {
      run.applied.push(...recorder.applied);
      run.downtimes.push(...recorder.downtimes);
    }
  }

  #attempts(
    host: HostPlay,
    item: StepItem,
    recorder: Recorder,
    signal: AbortSignal,
  ): (number: number) => Promise<Applied> {
    const { link } = host;
    const plan = this.#approved.get(item.id);
    let want = plan?.want;
    return async (number) => {
      recorder.attempt(number);
      // A later attempt starts from what the first one has left: it reads everything again, and it
      // is held to what was wanted (a size that is relative to now grows once), not to the plan.
      const base = number === 1 ? this.#facts.of(link) : new FactBase();
      // Whatever becomes of the attempt, what was known before it is not to be relied on any more.
      this.#facts.forget();
      const planned = await planItem(host, item, base, [], signal, want);
      want = planned.want ?? want;
      const applied = await applyItem(host, planned, number === 1 ? plan : undefined, base, recorder, signal);
      this.#facts.keep(link, applied.base);
      return applied;
    };
  }
}

/** After these nothing more is done on the host, whatever the playbook says about errors. */
function endsTheHost({ code }: AppError): boolean {
  return (
    code === 'connection-lost' ||
    code === 'interrupted' ||
    code === 'not-started' ||
    code === 'internal' ||
    code === 'drift' ||
    code === 'locked' ||
    code === 'outcome-unknown'
  );
}

/** A loop whose items were known when the plan was approved must still have the same ones. */
function refuseOtherItems(step: Step, approved: readonly PlannedItem[], items: readonly StepItem[]): void {
  const wasOpen = approved.some(({ item }) => step.loop !== undefined && !('item' in item));
  const of = (list: readonly StepItem[]): string => canonicalJson(list.map(({ item = null }) => item));
  const [was, is] = [of(approved.map(({ item }) => item)), of(items)];
  if (wasOpen || was === is) return;
  throw new AppError(
    'drift',
    `the loop of ${step.name} is not as it was when the plan was approved: was ${oneLine(was)}, is ${oneLine(is)}`,
    { hint: 'plan again, look at what is different, and apply then', where: placeOf(step) },
  );
}
