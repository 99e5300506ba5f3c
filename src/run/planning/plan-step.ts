import type { Host, Play, Scope, Step } from '../../config/model/types.ts';
import { AppError, toAppError } from '../../errors.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import type { Operation, Planned, StepOutput } from '../../operations/engine/operation.ts';
import type { Pending } from '../../plan/dependence.ts';
import { dependsOn, qualify } from '../../plan/dependence.ts';
import type { StepPlan } from '../../plan/plan.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { giveTurn } from '../../values/turn.ts';
import { alreadyBegun, approvedWant, refuseOtherWant, toJson, wantedBefore } from './earlier-want.ts';
import { FactBase, readFacts } from './fact-reader.ts';
import type { HostBasis } from '../journal/basis.ts';
import type { Laptop } from '../reach/laptop.ts';
import type { Link } from '../reach/link.ts';

/** One host in one play, while it is being planned or applied. */
export interface HostPlay {
  readonly host: Host;
  readonly play: Play;
  readonly link: Link;
  /** What an earlier part of the run, or a saved plan, says about this host. */
  readonly before: HostBasis;
  readonly laptop: Laptop;
  readonly operations: ReadonlyMap<string, Operation>;
  /** Values of earlier steps by their `register`; undefined while unknown. */
  readonly registers: Record<string, Json | undefined>;
  /** Which step gives which register. */
  readonly registeredBy: Map<string, string>;
  /** Variables and the host, as expressions see them before anything has run. */
  readonly scope: Scope;
}

/** One step for one loop item on one host: the unit that is planned, applied and verified. */
export interface StepItem {
  readonly step: Step;
  readonly id: string;
  readonly item?: Json;
}

export interface PlannedItem {
  readonly item: StepItem;
  readonly plan: StepPlan;
  /** What the operation was asked for; undefined when it could not be said, or the step does not apply. */
  readonly want: unknown;
  /** What it will change, for the steps after it. */
  readonly changes: readonly string[];
  readonly facts: readonly string[];
  /** The value for `register`; undefined while unknown. */
  readonly result: Json | undefined;
}

export function operationOf(context: Pick<HostPlay, 'operations'>, step: Step): Operation {
  const operation = context.operations.get(step.operation);
  if (operation === undefined)
    throw new Error(`the playbook names the operation ${step.operation}, which the registry does not have`);
  return operation;
}

/** What may be read before anything has run. */
const knownEarly: ReadonlySet<string> = new Set(['vars', 'host']);

/** Its input is known whatever happens before it. */
export function isKnownEarly({ roots }: Step): boolean {
  return [...roots].every((root) => knownEarly.has(root));
}

/** What `facts` in a playbook's expressions is about, as steps name it that change it. */
const factsOfPlaybooks: readonly string[] = ['docker'];

/** The earlier steps that may change what the step's expressions know of the host. */
export function factsAwaited({ roots }: Step, pending: readonly Pending[]): readonly string[] {
  return roots.has('facts') ? dependsOn(factsOfPlaybooks, pending) : [];
}

/** What a step is called in plans and journals; each item of its loop has more than that. */
export function idOf(play: Pick<Play, 'number'>, step: Pick<Step, 'number'>): string {
  return `${String(play.number)}.${String(step.number)}`;
}

/** The step's loop, if it has one; undefined with the registers that it waits for when it cannot be known yet. */
export async function itemsOf(
  context: HostPlay,
  step: Step,
  base: FactBase,
  signal: AbortSignal,
): Promise<readonly StepItem[] | { readonly unknown: readonly string[] }> {
  const id = idOf(context.play, step);
  if (step.loop === undefined) return [{ step, id }];
  const items = step.loop.resolve(await scopeOf(context, step, base, signal));
  if ('unknown' in items) return items;
  return items.value.map((item, index) => ({ step, id: `${id}[${String(index + 1)}]`, item }));
}

/**
 * Plans one item from live facts. `pinned` is the want of an approved plan, or of an earlier part of the
 * run, whose relative sizes have been made absolute; without it the step's input is resolved anew.
 */
export async function planItem(
  context: HostPlay,
  item: StepItem,
  base: FactBase,
  pending: readonly Pending[],
  signal: AbortSignal,
  pinned?: unknown,
): Promise<PlannedItem> {
  const { step } = item;
  const operation = operationOf(context, step);
  const blank = {
    id: item.id,
    step: step.name,
    operation: step.operation,
    where: placeOf(step),
    ...(step.maxUnavailable === undefined ? {} : { maxUnavailable: step.maxUnavailable }),
  };
  const open = (planned: Planned): PlannedItem => ({
    item,
    plan: { ...blank, want: null, planned },
    want: undefined,
    changes: planned.outcome === 'maybe' ? ['*'] : [],
    facts: [],
    result: planned.outcome === 'maybe' ? undefined : null,
  });
  await giveTurn(signal);
  try {
    const scope: Scope = {
      ...(await scopeOf(context, step, base, signal)),
      ...(item.item === undefined ? {} : { item: item.item }),
    };
    const condition = step.when?.evaluate(scope) ?? { value: true };
    if ('unknown' in condition) return open(waitsFor(context, condition.unknown));
    if (typeof condition.value !== 'boolean')
      throw new AppError(
        'config',
        `when is ${JSON.stringify(condition.value)}, not true or false: ${step.when?.text ?? ''}`,
        { where: placeOf(step) },
      );
    const awaits = factsAwaited(step, pending).length > 0;
    if (!condition.value)
      return open(
        qualify(
          { outcome: 'noop', reason: `its condition is false: ${step.when?.text ?? ''}` },
          awaits ? factsOfPlaybooks : [],
          pending,
        ),
      );
    const kept = pinned ?? wantedBefore(context.before, operation, item.id);
    const resolved = kept === undefined ? step.resolve(scope) : { value: kept };
    if ('unknown' in resolved) return open(waitsFor(context, resolved.unknown));

    const approved = kept === undefined ? approvedWant(context.before, operation, item) : undefined;
    // Without anything that could be pinned it is known now already, and nothing is asked of the host.
    if (operation.pin === undefined) refuseOtherWant(approved, resolved.value);
    let want = resolved.value;
    const read = async (): Promise<readonly string[]> =>
      readFacts(context.link, base, () => operation.needs(want, base), context.laptop, signal);
    let facts = await read();
    want = operation.pin?.(want, base) ?? want;
    if (approved !== undefined && operation.repin !== undefined) {
      want = operation.repin(resolved.value, want, approved.want);
      facts = [...facts, ...(await read())];
    }
    refuseOtherWant(approved, want);
    const touches = operation.touches(want, base);
    const past = operation.repeats ? context.before.past(item.id) : undefined;
    const planned =
      past === undefined
        ? qualify(operation.plan(want, base), awaits ? [...touches.reads, ...factsOfPlaybooks] : touches.reads, pending)
        : alreadyBegun(past);
    // What it is asked for may be something else by then.
    if (awaits && planned.outcome === 'maybe') return { ...open(planned), facts };
    return {
      item,
      plan: { ...blank, want: toJson(want), planned },
      want,
      changes: planned.outcome === 'change' || planned.outcome === 'maybe' ? touches.changes : [],
      facts,
      result:
        planned.outcome === 'noop'
          ? (operation.result?.(want, base, past?.kind === 'done' ? past.output : undefined) ?? null)
          : undefined,
    };
  } catch (thrown) {
    throw located(thrown, step);
  }
}

/** A step of a rescue is done only when its block fails, so nothing about it is certain. */
export function onlyAfterFailure(planned: PlannedItem, block: string, nothingCanFail: boolean): PlannedItem {
  const { plan } = planned;
  if (nothingCanFail)
    return {
      ...planned,
      changes: [],
      plan: { ...plan, planned: { outcome: 'noop', reason: `"${block}" has nothing to do` } },
    };
  const provisional =
    plan.planned.outcome === 'change'
      ? plan.planned.changes
      : plan.planned.outcome === 'maybe'
        ? plan.planned.provisional
        : [];
  return {
    ...planned,
    plan: {
      ...plan,
      planned: { outcome: 'maybe', dependsOn: [block], reason: `only if a step of "${block}" fails`, provisional },
    },
  };
}

/** The value for `register` once the step has been applied. */
export function resultOf(
  context: HostPlay,
  step: Step,
  want: unknown,
  base: FactBase,
  output: StepOutput | undefined,
): Json {
  return operationOf(context, step).result?.(want, base, output) ?? null;
}

function located(thrown: unknown, step: Step): AppError {
  const error = toAppError(thrown);
  if (error.where !== undefined) return error;
  return new AppError(error.code, error.message, {
    where: placeOf(step),
    cause: error.cause ?? error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

export function placeOf({ place }: Step): string {
  return `${place.file}:${String(place.line)}:${String(place.column)}`;
}

function waitsFor(context: HostPlay, registers: readonly string[]): Planned {
  const steps = registers.map((register) => context.registeredBy.get(register) ?? register);
  return {
    outcome: 'maybe',
    dependsOn: [...new Set(steps)],
    reason: `it needs ${registers.join(', ')}, which is known only then`,
    provisional: [],
  };
}

export async function scopeOf(context: HostPlay, step: Step, base: FactBase, signal: AbortSignal): Promise<Scope> {
  const facts = step.roots.has('facts') ? await hostFacts(context, base, signal) : {};
  return { ...context.scope, facts, registers: context.registers };
}

/** What a playbook can ask in `when`: only what holds for the host as a whole. */
async function hostFacts(context: HostPlay, base: FactBase, signal: AbortSignal): Promise<JsonObject> {
  await readFacts(context.link, base, () => [ask(dockerInfo)], context.laptop, signal);
  const docker = base.the(ask(dockerInfo));
  return {
    docker: {
      version: docker.version,
      driver: docker.driver,
      root: docker.root,
      live_restore: docker.liveRestore,
      containerd_image_store: docker.containerdImageStore,
    },
    host: { kernel: docker.kernel, os: docker.operatingSystem },
  };
}
