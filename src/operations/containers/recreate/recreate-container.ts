import type { Container } from '../../../facts/containers/containers.ts';
import { containers } from '../../../facts/containers/containers.ts';
import { askContainerEnvironment } from '../../../facts/containers/container-environment.ts';
import { selectContainers } from '../../../facts/containers/container-selection.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { askContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Composition } from '../../../facts/containers/compositions.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import { containerUses } from '../../../facts/containers/container-uses.ts';
import { ask } from '../../../facts/fact.ts';
import type { Replacement } from '../../../facts/containers/replacements.ts';
import { replacements } from '../../../facts/containers/replacements.ts';
import type { Json } from '../../../values/json.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { isRefused } from '../../../values/refusal.ts';
import type { Change } from '../../engine/change.ts';
import { defineOperation } from '../../engine/operation.ts';
import type { Decision } from '../../engine/operation.ts';
import type { ContainerPlan } from '../../engine/outcome.ts';
import { combine } from '../../engine/outcome.ts';
import type { Reading } from '../../engine/reading.ts';
import { allBeside, beside, later, perhaps, together } from '../../engine/reading.ts';
import type { Outgrown } from '../../rootfs/outgrown.ts';
import { judgeStopped, readOutgrown, stoppedReads } from '../../rootfs/outgrown.ts';
import { asked } from '../body/asked.ts';
import { judgeReplacement, replacementWarnings } from '../replace/judge.ts';
import type { Patch } from '../body/patch.ts';
import { withComposed } from '../compose/compose-project.ts';
import type { ComposedSeen } from './recreate-composed.ts';
import {
  askCompositions,
  composedResult,
  isBeingComposed,
  isForCompose,
  planForCompose,
  readComposed,
} from './recreate-composed.ts';
import { recreateSchema, patchOf } from './recreate-input.ts';
import type { RecreateWant } from './recreate-input.ts';
import { replaceContainers } from '../replace/replace.ts';
import type { Remains, Restoration } from './restore.ts';
import { readRemains, refuseRestoring, restoration } from './restore.ts';
import { asBefore, inPlace, leftByFailure } from '../replace/under-way.ts';
import type { InPlace } from '../replace/under-way.ts';
import type { FidelityLine } from '../body/fidelity.ts';
import { explain } from '../body/fidelity.ts';
import type { Copies } from './stale-copy.ts';
import { readCopies, staleCopyRefusal } from './stale-copy.ts';
import { askHiddenDifferences } from '../../../facts/containers/hidden-differences.ts';
import { askImageIds } from '../../../facts/daemon/image-ids.ts';

/** What is known of a container that is to be replaced, by us. */
interface PlainSeen {
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

type One = { readonly container: InPlace } & ({ readonly composed: ComposedSeen } | { readonly plain: PlainSeen });

interface Host {
  readonly containers: readonly Container[];
  readonly uses: readonly ContainerUse[];
  readonly replacements: readonly Replacement[];
  /** What Compose has begun, where `compose: override` is said. */
  readonly compositions: readonly Composition[];
}

interface Seen extends Host {
  readonly selected: readonly One[] | Refusal;
  readonly outgrown: Outgrown;
}

function* read(want: RecreateWant): Reading<Seen> {
  const [[all, uses, replaced], composed = []] = yield* beside(
    together(ask(containers), ask(containerUses), ask(replacements)),
    perhaps(askCompositions(want)),
  );
  const host = { containers: all, uses, replacements: replaced, compositions: composed };
  const selection = select(want, host);
  const selected = isRefused(selection)
    ? selection
    : yield* allBeside(selection.selected.map((container) => readOne(want, container, host)));
  // Only of those that would be replaced: most of a label's hundreds may be as they are asked for.
  const changed = isRefused(selected) ? [] : selected.filter((one) => hasChanges(planOne(want, one, uses)));
  return { ...host, selected, outgrown: yield* readOutgrown(changed.map(({ container }) => container.id)) };
}

function* readOne(want: RecreateWant, container: InPlace, host: Host): Reading<One> {
  return isForCompose(want, container, host.compositions)
    ? { container, composed: yield* readComposed(want, container, host.compositions) }
    : { container, plain: yield* readPlain(want, container, host) };
}

function* readPlain(want: RecreateWant, { id }: InPlace, host: Host): Reading<PlainSeen> {
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

export const recreateContainer = defineOperation<RecreateWant, Seen>({
  name: 'recreate_container',
  summary:
    'Replace a container by a new one that is the same but for what is asked, and keep the old one until finalize',
  schema: recreateSchema,
  readOnly: false,
  repeats: false,
  read,

  plan(want, seen): Decision {
    const { selected, uses } = seen;
    if (isRefused(selected)) return selected;
    const plans = selected.map((one) => unlessOutgrown(one.container, planOne(want, one, uses), seen));
    const names = selected.map(({ container: { name } }) => name).join(', ');
    return combine(
      plans,
      selected.length === 1 ? `${names} is as it is asked for` : `all of them are as they are asked for: ${names}`,
    );
  },

  touches(want, { selected, containers: all, outgrown: { docker } }) {
    const ids = isRefused(selected) ? [] : selected.map(({ container: { id } }) => id);
    const mounted = Object.values(want.mounts ?? {}).flatMap((mount) =>
      mount === null ? [] : ['volume' in mount ? `volume:${mount.volume}` : `path:${mount.bind}`],
    );
    return {
      reads: ['docker', ...stoppedReads(ids, { containers: all, docker }), ...mounted],
      changes: ids.map((id) => `container:${id}`),
    };
  },

  verify(want, seen) {
    return results(want, seen).flatMap(({ name, lines }) =>
      lines
        .filter(({ kind }) => kind === 'unexplained')
        .map(({ what }) => ({
          message: `${name}: ${what} differs from the container that it replaces, and nobody has asked for that`,
        })),
    );
  },

  result(want, seen): Json {
    const all = results(want, seen).map(({ id, name, old, lines }) => ({
      id,
      name,
      replaced: old ?? null,
      identical: lines.filter(({ kind }) => kind === 'identical').length,
      differences: lines.filter(({ kind }) => kind !== 'identical').map((line) => ({ ...line })),
    }));
    const [only] = all;
    return all.length === 1 && only !== undefined ? only : { containers: all };
  },
});

function select(
  want: RecreateWant,
  { containers: all, replacements: replaced, compositions: composed }: Host,
): { readonly selected: readonly InPlace[] } | Refusal {
  const present = inPlace(want.compose === 'override' ? withComposed(all, composed) : all, replaced);
  const selection = selectContainers(present, { container: want.container, label: want.label });
  if (isRefused(selection)) return selection;
  return { selected: selection.selected.flatMap(({ id }) => present.find((one) => one.id === id) ?? []) };
}

function hasChanges(plan: ContainerPlan): boolean {
  return !isRefused(plan) && plan.changes.length > 0;
}

/** The old one is started again when it fails, or is rolled back: by then another daemon may do it. What has been begun can only go on, or back. */
function unlessOutgrown(
  { id, underWay }: InPlace,
  plan: ContainerPlan,
  { compositions: composed, outgrown }: Seen,
): ContainerPlan {
  if (!hasChanges(plan) || underWay !== undefined || isBeingComposed({ id }, composed)) return plan;
  return judgeStopped([id], outgrown, 'either') ?? plan;
}

function planOne(want: RecreateWant, one: One, uses: readonly ContainerUse[]): ContainerPlan {
  if ('composed' in one) return planForCompose(want, one.composed, () => patchFor(want, one.composed), uses);
  const { container, plain } = one;
  const { underWay } = container;
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

/** What is wanted, without the variables that it has already. */
function patchFor(want: RecreateWant, { spec, has }: Pick<PlainSeen, 'spec' | 'has'>): Patch {
  const patch = patchOf(want);
  if (want.env === undefined) return patch;
  const names = new Set(spec.env.map((entry) => entry.name));
  const given = Object.entries(want.env)
    .filter(([, value]) => value !== null)
    .map(([key]) => key);
  const env = Object.fromEntries(
    Object.entries(want.env).filter(([key, value]) =>
      value === null ? names.has(key) : has?.[given.indexOf(key)] !== true,
    ),
  );
  return { ...patch, env };
}

function replacedBy(id: string, { replacements: replaced, containers: all }: Host): Replacement | undefined {
  return replaced.find(
    (one) => one.step === 'done' && one.new === id && all.some((container) => container.id === one.old),
  );
}

interface Result {
  readonly id: string;
  readonly name: string;
  readonly old: string | undefined;
  readonly lines: readonly FidelityLine[];
}

function results(want: RecreateWant, { selected }: Seen): readonly Result[] {
  if (isRefused(selected)) return [];
  return selected.map((one) => {
    const { id, name } = one.container;
    const explained = 'composed' in one ? composedResult(want, one.composed) : plainResult(want, one.plain);
    return { id, name, ...(explained ?? { old: undefined, lines: [] }) };
  });
}

function plainResult(
  want: RecreateWant,
  { spec, replaced, remains }: PlainSeen,
): Pick<Result, 'old' | 'lines'> | undefined {
  if (replaced === undefined) return undefined;
  const before = asBefore(replaced.old(), replaced.by);
  const patch =
    want.restore === undefined || remains === undefined
      ? patchOf(want)
      : restoration(want.restore, before, remains).patch;
  return { old: replaced.by.old, lines: explain(before, spec, patch, replaced.hidden()) };
}
