import type { Container } from '../../../facts/containers/containers.ts';
import { askContainerEnvironment } from '../../../facts/containers/container-environment.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { askContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import { askHiddenDifferences } from '../../../facts/containers/hidden-differences.ts';
import type { Replacement } from '../../../facts/containers/replacements.ts';
import { askImageIds } from '../../../facts/daemon/image-ids.ts';
import type { Change } from '../../engine/change.ts';
import type { ContainerPlan } from '../../engine/outcome.ts';
import type { Reading } from '../../engine/reading.ts';
import { beside, later, perhaps, together } from '../../engine/reading.ts';
import { asked } from '../body/asked.ts';
import type { FidelityLine } from '../body/fidelity.ts';
import { explain } from '../body/fidelity.ts';
import { judgeReplacement, replacementWarnings } from '../replace/judge.ts';
import { replaceContainers } from '../replace/replace.ts';
import type { InPlace } from '../replace/under-way.ts';
import { asBefore, leftByFailure } from '../replace/under-way.ts';
import type { RecreateWant } from './recreate-input.ts';
import { patchFor, patchOf } from './recreate-input.ts';
import type { Remains, Restoration } from './restore.ts';
import { readRemains, refuseRestoring, restoration } from './restore.ts';
import type { Copies } from './stale-copy.ts';
import { readCopies, staleCopyRefusal } from './stale-copy.ts';

/** What is known of a container that is to be replaced, by us. */
export interface PlainSeen {
  readonly spec: ContainerSpec;
  /** As `askContainerEnvironment` has it. */
  readonly has: readonly boolean[] | undefined;
  readonly imageIds: readonly (string | null)[] | undefined;
  readonly copies: Copies;
  readonly remains: Remains | undefined;
  /** The one that it has replaced, while that is kept. */
  readonly replaced:
    | {
        readonly by: Replacement;
        readonly old: () => ContainerSpec;
        readonly hidden: () => Readonly<Record<string, boolean>>;
      }
    | undefined;
}

interface Kept {
  readonly containers: readonly Container[];
  readonly replacements: readonly Replacement[];
}

export function* readPlain(want: RecreateWant, { id }: InPlace, host: Kept): Reading<PlainSeen> {
  const by = replacedBy(id, host);
  const [[[spec], [has, imageIds]], [[copies, remains], replaced]] = yield* beside(
    beside(
      together(askContainerSpec(id)),
      beside(
        perhaps(want.env === undefined ? undefined : askContainerEnvironment(id, want.env)),
        perhaps(want.image === undefined ? undefined : askImageIds(want.image)),
      ),
    ),
    beside(beside(readCopies(patchOf(want).mounts), readRemainsFor(want)), readReplaced(by, id)),
  );
  return { spec, has, imageIds, copies, remains, replaced };
}

function* readRemainsFor({ restore }: RecreateWant): Reading<Remains | undefined> {
  return restore === undefined ? undefined : yield* readRemains(restore);
}

function* readReplaced(by: Replacement | undefined, id: string): Reading<PlainSeen['replaced']> {
  if (by === undefined) return undefined;
  const [old, hidden] = yield* beside(later(askContainerSpec(by.old)), later(askHiddenDifferences(by.old, id)));
  return { by, old, hidden };
}

function replacedBy(id: string, { replacements: replaced, containers: all }: Kept): Replacement | undefined {
  return replaced.find(
    (one) => one.step === 'done' && one.new === id && all.some((container) => container.id === one.old),
  );
}

export function planPlain(
  want: RecreateWant,
  { underWay }: InPlace,
  plain: PlainSeen,
  uses: readonly ContainerUse[],
): ContainerPlan {
  // As it was before anything was done about it.
  const spec = asBefore(plain.spec, underWay);
  const { patch, cannot, notes } = leadingThere(want, spec, plain);
  const left = want.restore?.partly === true ? cannot.map((what) => `not restored: ${what}`) : [];
  if (underWay === undefined && left.length < cannot.length)
    return refuseRestoring(spec.name, want.restore?.version, cannot);
  if (underWay === undefined && asked(spec, patch).length === 0) return { changes: [], warnings: left, owed: [] };
  const refusal =
    judgeReplacement(spec, patch, uses, underWay, 'or compose: override') ??
    (underWay === undefined ? staleCopyRefusal(spec, patchOf(want).mounts, plain.copies) : undefined);
  const change = (): Change =>
    replaceContainers({
      subject: `container:${spec.name}`,
      containers: [{ spec, patch, imageId: imageIdOf(want, plain) }],
      gate: { seconds: want.gate.seconds, healthy: want.gate.healthy },
      ...(underWay === undefined ? {} : { underWay: underWay.step }),
    });
  if (refusal === undefined)
    return { changes: [change()], warnings: [...left, ...notes, ...replacementWarnings(spec, patch)], owed: [] };
  // A rollback has to see that it is as it was before, although what an attempt has left is in the way of another.
  const kept = leftByFailure(
    spec,
    uses.filter(({ id }) => id !== spec.id).map(({ name }) => name),
  );
  return { ...refusal, ...(kept === undefined ? {} : { provisional: [change()] }) };
}

function leadingThere(want: RecreateWant, spec: ContainerSpec, plain: PlainSeen): Restoration {
  if (want.restore === undefined || plain.remains === undefined)
    return { patch: patchFor(want, plain), cannot: [], notes: [] };
  const { patch, ...rest } = restoration(want.restore, spec, plain.remains);
  return { ...rest, patch: { ...patchOf(want), ...patch } };
}

/** Which image the new container has, as far as that is known beforehand. */
function imageIdOf({ image, restore }: RecreateWant, { imageIds }: PlainSeen): string | undefined {
  return restore?.spec.imageId ?? (image === undefined ? undefined : (imageIds?.[0] ?? undefined));
}

/** What has been made of it; undefined where what it has replaced is not kept any more. */
export function plainResult(
  want: RecreateWant,
  { spec, replaced, remains }: PlainSeen,
): { readonly old: string; readonly lines: readonly FidelityLine[] } | undefined {
  if (replaced === undefined) return undefined;
  const before = asBefore(replaced.old(), replaced.by);
  const patch =
    want.restore === undefined || remains === undefined
      ? patchOf(want)
      : restoration(want.restore, before, remains).patch;
  return { old: replaced.by.old, lines: explain(before, spec, patch, replaced.hidden()) };
}
