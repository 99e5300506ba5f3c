import type { Change } from '../operations/engine/change.ts';
import type { Planned } from '../operations/engine/operation.ts';
import { fieldDifferences } from './field-differences.ts';
import type { StepPlan } from './plan.ts';

/**
 * What differs between a whole host as it was approved and as it is now, each line with its step's
 * name; nothing when they are the same. Only of what was certain: a loop whose items were not known
 * may have any, and what was uncertain may become anything but a refusal.
 */
export function compareSteps(approved: readonly StepPlan[], fresh: readonly StepPlan[]): readonly string[] {
  const was = new Map(approved.map((step) => [step.id, step]));
  const is = new Map(fresh.map((step) => [step.id, step]));
  const kept = approved.flatMap((step) => {
    const now = is.get(step.id);
    if (now !== undefined) return sameStep(step, now).map((line) => `${nameOf(step)}: ${line}`);
    const openLoop = isUncertain(step) && loopOf(step.id) === step.id;
    return openLoop || is.has(loopOf(step.id)) ? [] : [`${nameOf(step)}: was approved, and is not there any more`];
  });
  const more = fresh.flatMap((step) => {
    const loop = was.get(loopOf(step.id));
    if (was.has(step.id) || (loop !== undefined && isUncertain(loop))) return [];
    const approvedItems = isUncertain(step) && approved.some(({ id }) => loopOf(id) === step.id);
    return [
      `${nameOf(step)}: ${approvedItems ? 'the items of its loop are not known any more' : 'was not there when the plan was approved'}`,
    ];
  });
  return [...kept, ...more];
}

/** `1.3` of `1.3[2]`; the id itself of a step without a loop. */
function loopOf(id: string): string {
  return id.replace(/\[\d+\]$/, '');
}

function nameOf({ id, step }: StepPlan): string {
  const item = /\[(\d+)\]$/.exec(id)?.[1];
  return item === undefined ? step : `${step} (item ${item})`;
}

function isUncertain({ planned }: StepPlan): boolean {
  return planned.outcome === 'maybe';
}

function sameStep(approved: StepPlan, fresh: StepPlan): readonly string[] {
  if (approved.operation !== fresh.operation)
    return [`was approved as ${approved.operation}, is ${fresh.operation} now`];
  return compare(approved.planned, fresh.planned);
}

/**
 * What differs between what was approved and what would be done now, in words for the operator;
 * nothing when they are the same. What was uncertain when it was approved may become anything but a
 * refusal. Whoever shows lines together parts them by semicolons, so that no line has one of its own.
 */
export function compare(approved: Planned, fresh: Planned): readonly string[] {
  return compareCertain(...withoutLapsed(approved, fresh));
}

/** What was approved for as long as there is a reason for it, and has none any more: its summaries. */
export function lapsedOf(approved: Planned, fresh: Planned): readonly string[] {
  return approved.outcome === 'change' ? approved.changes.filter(lapsing(fresh)).map(({ summary }) => summary) : [];
}

function lapsing(fresh: Planned): (change: Change) => boolean {
  const given = fresh.outcome === 'change' || fresh.outcome === 'noop';
  const subjects = new Set(standing(fresh).map(({ subject }) => subject));
  return ({ lapse, subject }) => given && lapse === 'may' && !subjects.has(subject);
}

/** But for what is put away of what has lapsed. */
function standing(planned: Planned): readonly Change[] {
  return planned.outcome === 'change' ? planned.changes.filter(({ lapse }) => lapse !== 'has') : [];
}

/** Without what was approved for as long as there is a reason for it, and has none any more; nor what is put away of such. */
function withoutLapsed(approved: Planned, fresh: Planned): readonly [Planned, Planned] {
  const hasLapsed = lapsing(fresh);
  const was = standing(approved).filter((change) => !hasLapsed(change));
  return [withChanges(approved, was), withChanges(fresh, standing(fresh))];
}

function withChanges(planned: Planned, changes: readonly Change[]): Planned {
  if (planned.outcome !== 'change' || planned.changes.length === changes.length) return planned;
  return changes.length === 0
    ? { outcome: 'noop', reason: 'what there was to do has lapsed' }
    : { ...planned, changes };
}

function compareCertain(approved: Planned, fresh: Planned): readonly string[] {
  switch (approved.outcome) {
    case 'maybe':
      return fresh.outcome === 'refused'
        ? [`${waited(approved.dependsOn)} when it was approved, and now it is refused: ${fresh.reason}`]
        : [];
    case 'change':
      if (fresh.outcome === 'change') return compareChanges(approved.changes, fresh.changes);
      // What was waited for has come by itself: that is what was wanted.
      if (fresh.outcome === 'noop' && approved.changes.length > 0 && approved.changes.every(onlyWaits)) return [];
      return [`${summaries(approved.changes)}: ${insteadOfChange(fresh)}`];
    case 'noop':
      return fresh.outcome === 'noop' ? [] : [`there was nothing to do (${approved.reason}), ${now(fresh)}`];
    case 'refused':
      return fresh.outcome === 'refused'
        ? []
        : [`was refused when the plan was made (${approved.reason}), ${now(fresh)}`];
  }
}

function onlyWaits({ actions }: Change): boolean {
  return actions.length > 0 && actions.every(({ kind }) => kind === 'wait-until' || kind === 'pause');
}

function insteadOfChange(fresh: Exclude<Planned, { readonly outcome: 'change' }>): string {
  return fresh.outcome === 'noop' ? `somebody has done it already (${fresh.reason})` : now(fresh);
}

function now(fresh: Planned): string {
  switch (fresh.outcome) {
    case 'noop':
      return `now there is nothing to do (${fresh.reason})`;
    case 'change':
      return `now it would do: ${summaries(fresh.changes)}`;
    case 'maybe':
      return `now it is uncertain: ${waited(fresh.dependsOn)} (${fresh.reason})`;
    case 'refused':
      return `now it is refused: ${fresh.reason}`;
  }
}

function waited(steps: readonly string[]): string {
  return steps.length === 0 ? 'it depended on what was not known yet' : `it depended on ${steps.join(', ')}`;
}

const mostSummaries = 3;

function summaries(changes: readonly Change[]): string {
  const shown = changes.slice(0, mostSummaries).map(({ summary }) => summary);
  const more = changes.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${String(more)} more`] : [])].join(', ');
}

/** Changes of the same thing are compared; of those that are left over, the first with the first. */
function compareChanges(approved: readonly Change[], fresh: readonly Change[]): readonly string[] {
  const [was, is] = [bySubject(approved), bySubject(fresh)];
  const left = [...is].filter(([subject]) => !was.has(subject)).map(([, change]) => change);
  const kept = [...was].flatMap(([subject, change]) => {
    const now = is.get(subject) ?? left.shift();
    const lines = now === undefined ? ['was approved, and is not to be done any more'] : differences(change, now);
    return lines.map((line) => `${change.summary}: ${line}`);
  });
  const lines = [...kept, ...left.map(({ summary }) => `${summary}: was not to be done when the plan was approved`)];
  const inOrder = [...was.keys()].join() === [...is.keys()].join();
  return lines.length > 0 || inOrder ? lines : [`${summaries(fresh)}: in another order than was approved`];
}

/** By the container that a change is about, or else by what it is called; a second change of one thing is kept apart from its first. */
function bySubject(changes: readonly Change[]): ReadonlyMap<string, Change> {
  const map = new Map<string, Change>();
  for (const change of changes) {
    const { container } = change.before;
    let subject = typeof container === 'string' ? container : change.summary;
    while (map.has(subject)) subject += ' again';
    map.set(subject, change);
  }
  return map;
}

/** The facts that it rests on, when they differ: the rest follows from them. Otherwise what it would do. Bindings only repeat what stands elsewhere, and how long it is expected to take follows from what is written meanwhile. */
function differences(approved: Change, fresh: Change): readonly string[] {
  const facts = fieldDifferences(approved.before, fresh.before);
  if (facts.length > 0) return facts;
  const { summary: called, bindings: _was, downtime: _then, ...was } = approved;
  const { summary, bindings: _is, downtime: _now, ...is } = fresh;
  const done = fieldDifferences(was, is);
  return done.length > 0 || called === summary ? done : [`is called ${summary} now`];
}
