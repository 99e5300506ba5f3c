import { scopeOf } from '../config/scope.ts';
import type { Play, Step } from '../config/types.ts';
import { AppError, toAppError } from '../errors.ts';
import type { Pending } from '../plan/dependence.ts';
import type { Connection, Target } from '../transport/transport.ts';
import { askAhead } from './ask-ahead.ts';
import type { RunEvent } from './event.ts';
import { FactBase } from './fact-reader.ts';
import type { HostRun } from './host-run.ts';
import type { HostPlay, PlannedItem } from './plan-step.ts';
import { itemsOf, placeOf, planItem } from './plan-step.ts';
import { plannedEvent } from './recorder.ts';
import type { RunContext } from './run.ts';

/** Connects to a host and plans all of its plays. What goes wrong becomes the host's own error; others go on. */
export async function planHost(context: RunContext, run: HostRun): Promise<void> {
  const pending: Pending[] = [];
  for (const play of run.plays) {
    try {
      run.planned.set(play.number, await planPlay(context, run, play, pending));
    } catch (thrown) {
      run.error = beforeAnything(toAppError(thrown));
      return;
    }
    const refused = run.planned.get(play.number)?.find(({ plan, item }) => plan.planned.outcome === 'refused' && item.step.onError === 'fail');
    if (refused?.plan.planned.outcome === 'refused') {
      run.step = refused.plan.step;
      run.error = new AppError('refused', refused.plan.planned.reason, { hint: refused.plan.planned.remedy, where: refused.plan.where });
      return;
    }
  }
}

/** A connection that is lost while nothing but reading has been done is a host that could not be reached. */
function beforeAnything(error: AppError): AppError {
  return error.code === 'connection-lost' ? new AppError('unreachable', error.message, { cause: error, hint: error.hint ?? 'nothing was changed on it: run the same again' }) : error;
}

/** The host's connection for a step, made once for each way of becoming root: a step says so, or its play, or the inventory. */
export async function connect({ transport, emit, signal }: RunContext, run: HostRun, play: Play, step: Step): Promise<Connection> {
  const target = targetFor(run, step.become ?? play.become);
  const known = run.connections.get(target.become);
  if (known !== undefined) return known;
  const connection = await transport.connect(target, signal);
  run.connections.set(target.become, connection);
  // One that is lost while the operator reads the plan is made again at the next step.
  void connection.closed.then(() => {
    if (run.connections.get(target.become) === connection) run.connections.delete(target.become);
  });
  emit({ type: 'host.connected', host: run.name, hostKey: connection.info.hostKey, runsAs: connection.info.runsAs } satisfies RunEvent);
  return connection;
}

function targetFor(run: HostRun, become: boolean | undefined): Target {
  const { target } = run.host;
  if (become === undefined) return target;
  return { ...target, become: become && target.user !== 'root' ? 'sudo' : 'none' };
}

export function playContext(context: RunContext, run: HostRun, play: Play): Omit<HostPlay, 'connection'> {
  return {
    host: run.host,
    play,
    laptop: context.laptop,
    operations: context.operations,
    registers: {},
    registeredBy: new Map(play.steps.flatMap(({ register, name }) => (register === undefined ? [] : [[register, name]]))),
    scope: scopeOf(play, run.host, context.extraVars),
  };
}

async function planPlay(context: RunContext, run: HostRun, play: Play, pending: Pending[]): Promise<readonly PlannedItem[]> {
  const inPlay = playContext(context, run, play);
  // What a user may read depends on the user, so facts are kept by connection.
  const bases = new Map<Connection, FactBase>();
  const planned: PlannedItem[] = [];
  for (const step of play.steps) {
    const host: HostPlay = { ...inPlay, connection: await connect(context, run, play, step) };
    run.step = step.name;
    const known = bases.get(host.connection);
    const base = known ?? new FactBase();
    bases.set(host.connection, base);
    if (known === undefined) await askAhead(host, play.steps, base, context.signal);
    const items = await itemsOf(host, step, base, context.signal);
    const plans: PlannedItem[] = [];
    if ('unknown' in items) {
      plans.push(unknownLoop(step, play, items.unknown));
    } else {
      for (const item of items) plans.push(await planItem(host, item, base, pending, context.signal));
    }
    for (const one of plans) {
      context.emit({ type: 'facts.read', host: run.name, step: step.name, facts: one.facts });
      context.emit(plannedEvent(run.name, one.plan));
      run.note(one.plan.planned.owed ?? [], one.plan.planned.warnings ?? []);
      if (one.changes.length > 0) pending.push({ step: step.name, changes: one.changes });
    }
    planned.push(...plans);
    if (step.register !== undefined) host.registers[step.register] = step.loop === undefined ? plans[0]?.result : valuesOf(plans);
  }
  run.step = undefined;
  return planned;
}

/** A looped step registers a list; unknown as soon as one of its values is. */
export function valuesOf(plans: readonly PlannedItem[]): PlannedItem['result'] {
  const values = plans.flatMap(({ result }) => (result === undefined ? [] : [result]));
  return values.length === plans.length ? values : undefined;
}

function unknownLoop(step: PlannedItem['item']['step'], play: Play, registers: readonly string[]): PlannedItem {
  const id = `${String(play.number)}.${String(step.number)}`;
  return {
    item: { step, id },
    plan: { id, step: step.name, operation: step.operation, where: placeOf(step), want: null, planned: { outcome: 'maybe', dependsOn: registers, reason: `its loop needs ${registers.join(', ')}, which is known only then`, provisional: [] } },
    want: undefined,
    changes: ['*'],
    facts: [],
    result: undefined,
  };
}
