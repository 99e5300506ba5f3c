import { playScope } from '../../config/expressions/scope.ts';
import type { Play, Step } from '../../config/model/types.ts';
import { AppError, neverReached, toAppError } from '../../errors.ts';
import { compareSteps } from '../../plan/compare.ts';
import type { Pending } from '../../plan/dependence.ts';
import type { HostPlan } from '../../plan/plan.ts';
import { askAhead } from './ask-ahead.ts';
import { hostBasis } from '../journal/basis.ts';
import { rescuedSteps, stepsGuardedBy } from './blocks.ts';
import { FactBase } from './fact-reader.ts';
import { connect } from './connect.ts';
import type { RunContext } from './context.ts';
import type { HostRun } from './host-run.ts';
import type { Link } from '../reach/link.ts';
import type { HostPlay, PlannedItem, StepItem } from './plan-step.ts';
import { factsAwaited, idOf, itemsOf, onlyAfterFailure, placeOf, planItem } from './plan-step.ts';
import { plannedEvent } from '../report/shown.ts';
import { settle } from './settle.ts';

/** Connects to a host as the first of its steps will have it. What goes wrong becomes the host's own error; others go on. */
export async function connectHost(context: RunContext, run: HostRun): Promise<void> {
  try {
    const saved = context.basis.approved(run.name);
    if (saved?.error !== undefined)
      throw new AppError('refused', `no plan was saved for this host: ${saved.error.message}`, {
        hint: 'plan it again',
      });
    const play = run.plays.find(({ steps }) => steps.length > 0);
    const [first] = play?.steps ?? [];
    if (play !== undefined && first !== undefined) await connect(context, run, play, first);
  } catch (thrown) {
    run.error = neverReached(toAppError(thrown));
  }
}

/** Plans all of a host's plays, unless it could not be connected to. */
export async function planHost(context: RunContext, run: HostRun): Promise<void> {
  if (run.error !== undefined) return;
  const pending: Pending[] = [];
  try {
    run.before = hostBasis(await settle(context, run), run.name);
    let refused: PlannedItem | undefined;
    for (const play of run.plays) {
      const planned = await planPlay(context, run, play, pending);
      run.planned.set(play.number, planned);
      refused = planned.find(({ plan, item }) => plan.planned.outcome === 'refused' && !isTolerated(play, item.step));
      if (refused !== undefined) break;
    }
    await Promise.all([...run.links.values()].map((link) => link.answers()));
    const saved = context.basis.approved(run.name);
    if (saved !== undefined) refuseDrift(saved, run);
    if (refused?.plan.planned.outcome !== 'refused') return;
    run.step = refused.plan.step;
    run.error = new AppError('refused', refused.plan.planned.reason, {
      hint: refused.plan.planned.remedy,
      where: refused.plan.where,
    });
  } catch (thrown) {
    run.error = neverReached(toAppError(thrown));
  }
}

/** What was approved in a saved plan is what is done, or nothing is. */
function refuseDrift(saved: HostPlan, run: HostRun): void {
  const differences = compareSteps(saved.steps, run.toPlan().steps);
  if (differences.length === 0) return;
  throw new AppError('drift', `the host is not as it was when the plan was saved: ${differences.join('; ')}`, {
    hint: 'plan it again, look at what is different, and apply then',
  });
}

export function playContext(context: RunContext, run: HostRun, play: Play): Omit<HostPlay, 'link'> {
  return {
    host: run.host,
    play,
    before: run.before,
    laptop: context.laptop,
    operations: context.operations,
    registers: {},
    registeredBy: new Map(
      play.steps.flatMap(({ register, name }) => (register === undefined ? [] : [[register, name]])),
    ),
    scope: playScope(play, run.host, context.extraVars),
  };
}

async function planPlay(
  context: RunContext,
  run: HostRun,
  play: Play,
  pending: Pending[],
): Promise<readonly PlannedItem[]> {
  const inPlay = playContext(context, run, play);
  // What a user may read depends on the user, so facts are kept by connection.
  const bases = new Map<Link, FactBase>();
  const planned: PlannedItem[] = [];
  for (const step of play.steps) {
    const host: HostPlay = { ...inPlay, link: await connect(context, run, play, step) };
    run.step = step.name;
    const known = bases.get(host.link);
    const base = known ?? new FactBase();
    bases.set(host.link, base);
    if (known === undefined) await askAhead(host, play.steps, base, context.signal);
    const awaits = step.loop === undefined ? [] : factsAwaited(step, pending);
    const items = awaits.length > 0 ? { unknown: awaits } : await itemsOf(host, step, base, context.signal);
    const conditional = inItsPlace(play, step, planned);
    const plans: PlannedItem[] = [];
    // What the items before it change, an item may depend on, as on the steps before.
    const add = (one: PlannedItem): void => {
      plans.push(one);
      context.emit({ type: 'facts.read', host: run.name, step: step.name, facts: one.facts });
      context.emit(plannedEvent(run.name, one.plan));
      run.note(one.plan.planned.owed ?? [], one.plan.planned.warnings ?? []);
      if (one.changes.length > 0) pending.push({ step: step.name, changes: one.changes });
    };
    if ('unknown' in items) {
      add(
        conditional(
          unknownLoop(
            step,
            play,
            items.unknown,
            awaits.length > 0
              ? 'its loop needs facts of the host, which may be others by then'
              : `its loop needs ${items.unknown.join(', ')}, which is known only then`,
          ),
        ),
      );
    } else {
      for (const item of items) add(conditional(await planTolerantly(host, item, base, pending, context.signal)));
    }
    planned.push(...plans);
    if (step.register !== undefined)
      host.registers[step.register] = step.loop === undefined ? plans[0]?.result : valuesOf(plans);
  }
  run.step = undefined;
  return planned;
}

/** What the plan of a step becomes where the step stands: in a rescue it is done only when its block fails. */
function inItsPlace({ nodes }: Play, step: Step, planned: readonly PlannedItem[]): (one: PlannedItem) => PlannedItem {
  const { rescues } = step;
  if (rescues === undefined) return (one) => one;
  const guarded = stepsGuardedBy(nodes, step);
  const quiet = planned.every(({ item, plan }) => !guarded.has(item.step) || plan.planned.outcome === 'noop');
  return (one) => onlyAfterFailure(one, rescues, quiet);
}

/** Its failure does not end the host: it is passed over, or a rescue is there for it, or it is part of one. */
function isTolerated({ nodes }: Play, step: Step): boolean {
  return step.onError === 'continue' || step.rescues !== undefined || rescuedSteps(nodes).has(step);
}

/** What cannot be read for such a step now is met again at its turn. */
async function planTolerantly(
  host: HostPlay,
  item: StepItem,
  base: FactBase,
  pending: readonly Pending[],
  signal: AbortSignal,
): Promise<PlannedItem> {
  try {
    return await planItem(host, item, base, pending, signal);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (!isTolerated(host.play, item.step) || !failures.has(error.code)) throw error;
    const { step, id } = item;
    return {
      item,
      plan: {
        id,
        step: step.name,
        operation: step.operation,
        where: placeOf(step),
        want: null,
        planned: {
          outcome: 'maybe',
          dependsOn: [],
          reason: `as things are now it fails: ${error.message}`,
          provisional: [],
        },
      },
      want: undefined,
      changes: ['*'],
      facts: [],
      result: undefined,
    };
  }
}

/** These are about what was asked, and not about the connection or the run. */
const failures: ReadonlySet<AppError['code']> = new Set([
  'action-failed',
  'timed-out',
  'output-limit',
  'fact-unreadable',
  'no-docker',
  'missing-tool',
  'unsupported',
  'refused',
]);

/** A looped step registers a list; unknown as soon as one of its values is. */
export function valuesOf(plans: readonly PlannedItem[]): PlannedItem['result'] {
  const values = plans.flatMap(({ result }) => (result === undefined ? [] : [result]));
  return values.length === plans.length ? values : undefined;
}

function unknownLoop(
  step: PlannedItem['item']['step'],
  play: Play,
  dependsOn: readonly string[],
  reason: string,
): PlannedItem {
  const id = idOf(play, step);
  return {
    item: { step, id },
    plan: {
      id,
      step: step.name,
      operation: step.operation,
      where: placeOf(step),
      want: null,
      planned: {
        outcome: 'maybe',
        dependsOn,
        reason,
        provisional: [],
      },
    },
    want: undefined,
    changes: ['*'],
    facts: [],
    result: undefined,
  };
}
