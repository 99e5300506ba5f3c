import type { Container } from '../../facts/containers/containers.ts';
import type { CopyDirectory } from '../../facts/copies/directory-copy.ts';
import { copyDirectory } from '../../facts/copies/directory-copy.ts';
import { ask } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { byHand } from '../../values/shell.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import type { Reading } from '../engine/reading.ts';
import { ifKnown, perhaps } from '../engine/reading.ts';
import type { CopyFacts } from './scale-by-copy.ts';
import { readForCopy, scaleByCopy } from './scale-by-copy.ts';
import { scaleInPlace } from './scale-in-place.ts';
import type { Method, ScaleWant } from './scale-input.ts';
import { judgeShrink } from './shrink.ts';
import type { Situation } from './situation.ts';

/** Nothing is left to be done for the size, but perhaps for it to last. */
export function isThatSize({ state }: Situation, bytes: number): boolean {
  return state.quota?.limitBytes === bytes && state.options?.quotaBytes === bytes;
}

/** How the size could be had. What a method that is not needed would need is not asked for. */
function methodsOf(
  want: ScaleWant,
  situation: Situation,
  bytes: number,
): { readonly tried: readonly Method[]; readonly goesOn: boolean } {
  // A copy that has been begun to exactly this size is gone on with.
  const goesOn = situation.pending.length === 1 && situation.pending[0]?.state.options?.quotaBytes === bytes;
  const only = want.pinned?.method ?? (want.method === 'auto' ? undefined : want.method);
  if (only !== undefined) return { tried: [only], goesOn };
  if (goesOn) return { tried: ['copy'], goesOn };
  return {
    tried: isRefused(scaleInPlace(situation, bytes, undefined)) ? ['in_place', 'copy'] : ['in_place'],
    goesOn,
  };
}

/** A method that is tried, with what it has to know. */
type Attempt = { readonly method: 'in_place' } | { readonly method: 'copy'; readonly facts: CopyFacts };

export interface Measured {
  readonly methods: readonly Attempt[];
  /** What the volume holds, where that has to be known, or is. */
  readonly content: CopyDirectory | undefined;
}

export function* readMeasured(want: ScaleWant, situation: Situation, bytes: number | Refusal): Reading<Measured> {
  if (isRefused(bytes) || isThatSize(situation, bytes)) return { methods: [], content: undefined };
  const { tried } = methodsOf(want, situation, bytes);
  if (tried.includes('copy')) {
    const facts = yield* readForCopy(situation);
    return {
      methods: tried.map((method) => (method === 'copy' ? { method, facts } : { method })),
      content: facts.source,
    };
  }
  const measure = ask(copyDirectory, situation.volume.mountpoint);
  const content = yield* isShrink(situation, bytes) ? perhaps(measure) : ifKnown(measure);
  return { methods: [{ method: 'in_place' }], content };
}

function isShrink({ state }: Situation, bytes: number): boolean {
  return bytes < (state.quota?.limitBytes ?? 0);
}

interface Choice {
  readonly method: Method | undefined;
  readonly plan: ContainerPlan;
  /** Why a method that comes before it was not taken. */
  readonly passedOver: readonly string[];
}

/** What is known once it is known what size that is. */
export interface Sized extends Measured {
  readonly situation: Situation;
  readonly bytes: number;
  /** All of them, where the daemon may be restarted. */
  readonly containers: readonly Container[] | undefined;
}

export function choose(want: ScaleWant, seen: Sized): Choice {
  const { situation, bytes, content, methods } = seen;
  const shrink = judgeShrink(want.margin, situation, bytes, content);
  if (shrink !== undefined) return { method: undefined, plan: shrink, passedOver: [] };
  const plans = methods.map((one) => ({
    method: one.method,
    plan: one.method === 'in_place' ? inPlace(seen) : byCopy(want, seen, one.facts),
  }));
  const possible = plans.find(({ plan }) => !isRefused(plan));
  const refusals = plans.flatMap(({ method, plan }) => (isRefused(plan) ? [{ ...plan, method }] : []));
  if (possible !== undefined)
    return {
      ...possible,
      passedOver: possible.method === 'copy' && want.method === 'auto' ? whyNotInPlace(situation, bytes) : [],
    };
  const only = plans.find(({ plan }) => isRefused(plan) && plan.provisional !== undefined);
  if (only !== undefined) return { method: undefined, plan: only.plan, passedOver: [] };
  if (refusals.length === 1 || refusals.every(({ reason }) => reason === refusals[0]?.reason))
    return { method: undefined, plan: refuse(refusals[0]?.reason ?? '', refusals[0]?.remedy ?? ''), passedOver: [] };
  return {
    method: undefined,
    plan: refuse(
      refusals.map(({ method, reason }) => `${named[method]}: ${reason}`).join('; '),
      refusals.map(({ remedy }) => remedy).join('; or '),
    ),
    passedOver: [],
  };
}

function whyNotInPlace(situation: Situation, bytes: number): readonly string[] {
  const plan = scaleInPlace(situation, bytes, undefined);
  return isRefused(plan) ? [`in place: not possible: ${plan.reason}`] : [];
}

const named: Readonly<Record<Method, string>> = { in_place: 'in place', copy: 'by copy' };

function inPlace({ situation, bytes, containers: restarted }: Sized): ContainerPlan {
  const [left] = situation.pending;
  if (left !== undefined) {
    return refuse(
      `${left.volume.name} was made to take the place of ${situation.volume.name}, and the copy to it was never completed`,
      `complete it (plimsoll resume) or take it back (plimsoll rollback); when it is of no use any more: ${byHand('docker', 'volume', 'rm', left.volume.name)}`,
    );
  }
  return scaleInPlace(situation, bytes, restarted);
}

function byCopy(want: ScaleWant, { situation, bytes }: Sized, facts: CopyFacts): ContainerPlan {
  return scaleByCopy(
    situation,
    { bytes, bwlimit: want.bwlimit, gate: want.gate, discardLayer: want.layer === 'discard' },
    facts,
  );
}
