import type { Container } from '../../../facts/containers/containers.ts';
import { containers } from '../../../facts/containers/containers.ts';
import { askContainerEnvironment } from '../../../facts/containers/container-environment.ts';
import { selectContainers } from '../../../facts/containers/container-selection.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { askContainerSpec } from '../../../facts/containers/container-spec.ts';
import { containerUses } from '../../../facts/containers/container-uses.ts';
import type { FactRequest, Known } from '../../../facts/fact.ts';
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
import { judgeOutgrown, outgrownNeeds, outgrownReads } from '../../rootfs/outgrown.ts';
import { asked } from '../body/asked.ts';
import { judgeReplacement, replacementWarnings } from '../replace/judge.ts';
import type { Patch } from '../body/patch.ts';
import {
  composedFirst,
  composedNeeds,
  composedResult,
  isBeingComposed,
  isForCompose,
  planForCompose,
  presentContainers,
} from './recreate-composed.ts';
import { recreateSchema, patchOf } from './recreate-input.ts';
import type { RecreateWant } from './recreate-input.ts';
import { replaceContainers } from '../replace/replace.ts';
import type { Restoration } from './restore.ts';
import { refuseRestoring, restoration, restoreNeeds } from './restore.ts';
import { asBefore, inPlace, leftByFailure } from '../replace/under-way.ts';
import type { InPlace } from '../replace/under-way.ts';
import { explain } from '../body/fidelity.ts';
import { copyNeedsOf, staleCopyRefusal } from './stale-copy.ts';
import { askHiddenDifferences } from '../../../facts/containers/hidden-differences.ts';
import { askImageIds } from '../../../facts/daemon/image-ids.ts';

export const recreateContainer = defineOperation<RecreateWant>({
  name: 'recreate_container',
  summary:
    'Replace a container by a new one that is the same but for what is asked, and keep the old one until finalize',
  schema: recreateSchema,
  readOnly: false,
  repeats: false,

  needs(want, known) {
    const first: readonly FactRequest[] = [
      ask(containers),
      ask(containerUses),
      ask(replacements),
      ...composedFirst(want),
    ];
    if (first.some((request) => known.get(request) === undefined)) return first;
    const selection = select(want, known);
    if (isRefused(selection)) return [];
    const all = selection.selected.map((container) => ({ container, needs: needsOf(want, container, known) }));
    // Only of those that would be replaced: most of a label's hundreds may be as they are asked for.
    const replaced = all.filter(
      ({ container, needs }) =>
        needs.every((request) => known.get(request) !== undefined) && hasChanges(planOne(want, container, known)),
    );
    return [
      ...all.flatMap(({ needs }) => needs),
      ...outgrownNeeds(
        replaced.map(({ container }) => container.id),
        known,
      ),
    ];
  },

  plan(want, known): Decision {
    const selection = select(want, known);
    if (isRefused(selection)) return selection;
    const plans = selection.selected.map((container) =>
      unlessOutgrown(want, container, planOne(want, container, known), known),
    );
    const names = selection.selected.map(({ name }) => name).join(', ');
    return combine(
      plans,
      selection.selected.length === 1
        ? `${names} is as it is asked for`
        : `all of them are as they are asked for: ${names}`,
    );
  },

  touches(want, known) {
    const selection = select(want, known);
    const ids = isRefused(selection) ? [] : selection.selected.map(({ id }) => id);
    const mounted = Object.values(want.mounts ?? {}).flatMap((mount) =>
      mount === null ? [] : ['volume' in mount ? `volume:${mount.volume}` : `path:${mount.bind}`],
    );
    return { reads: ['docker', ...outgrownReads(ids, known), ...mounted], changes: ids.map((id) => `container:${id}`) };
  },

  verify(want, known) {
    return results(want, known).flatMap(({ name, lines }) =>
      lines
        .filter(({ kind }) => kind === 'unexplained')
        .map(({ what }) => ({
          message: `${name}: ${what} differs from the container that it replaces, and nobody has asked for that`,
        })),
    );
  },

  result(want, known): Json {
    const all = results(want, known).map(({ id, name, old, lines }) => ({
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

function needsOf(want: RecreateWant, container: InPlace, known: Known): readonly FactRequest[] {
  if (isForCompose(want, container, known)) return composedNeeds(want, container, known);
  const { id } = container;
  const replaced = replacedBy(id, known);
  return [
    askContainerSpec(id),
    ...(want.env === undefined ? [] : [askContainerEnvironment(id, want.env)]),
    ...(want.image === undefined ? [] : [askImageIds(want.image)]),
    ...copyNeedsOf(patchOf(want).mounts, known),
    ...(want.restore === undefined ? [] : restoreNeeds(want.restore)),
    ...(replaced === undefined ? [] : [askContainerSpec(replaced.old), askHiddenDifferences(replaced.old, id)]),
  ];
}

function select(want: RecreateWant, known: Known): { readonly selected: readonly InPlace[] } | Refusal {
  const present = inPlace(presentContainers(want, known), known.the(ask(replacements)));
  const selection = selectContainers(present, { container: want.container, label: want.label });
  if (isRefused(selection)) return selection;
  return { selected: selection.selected.flatMap(({ id }) => present.find((one) => one.id === id) ?? []) };
}

/** The spec of a container as it was before anything was done about it. */
function specOf({ id, underWay }: InPlace, known: Known): ContainerSpec {
  return asBefore(known.the(askContainerSpec(id)), underWay);
}

function hasChanges(plan: ContainerPlan): boolean {
  return !isRefused(plan) && plan.changes.length > 0;
}

/** The old one is started again when it fails, or is rolled back: by then another daemon may do it. What has been begun can only go on, or back. */
function unlessOutgrown(want: RecreateWant, container: InPlace, plan: ContainerPlan, known: Known): ContainerPlan {
  if (!hasChanges(plan) || container.underWay !== undefined || isBeingComposed(want, container, known)) return plan;
  const outgrown = judgeOutgrown([container.id], known, 'either');
  return outgrown ?? plan;
}

function planOne(want: RecreateWant, container: InPlace, known: Known): ContainerPlan {
  if (isForCompose(want, container, known))
    return planForCompose(want, container, () => patchFor(want, container, known), known);
  const spec = specOf(container, known);
  const { patch, cannot, notes } = leadingThere(want, container, spec, known);
  const { underWay } = container;
  const left = want.restore?.partly === true ? cannot.map((what) => `not restored: ${what}`) : [];
  if (underWay === undefined && left.length < cannot.length)
    return refuseRestoring(spec.name, want.restore?.version, cannot);
  if (underWay === undefined && asked(spec, patch).length === 0) return { changes: [], warnings: left, owed: [] };
  const uses = known.the(ask(containerUses));
  const refusal =
    judgeReplacement(spec, patch, uses, underWay, 'or compose: override') ??
    (underWay === undefined ? staleCopyRefusal(spec, patchOf(want).mounts, known) : undefined);
  const change = (): Change =>
    replaceContainers({
      subject: `container:${spec.name}`,
      containers: [{ spec, patch, imageId: imageIdOf(want, known) }],
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

function leadingThere(want: RecreateWant, container: InPlace, spec: ContainerSpec, known: Known): Restoration {
  if (want.restore === undefined) return { patch: patchFor(want, container, known), cannot: [], notes: [] };
  const { patch, ...rest } = restoration(want.restore, spec, known);
  return { ...rest, patch: { ...patchOf(want), ...patch } };
}

/** Which image the new container has, as far as that is known beforehand. */
function imageIdOf({ image, restore }: RecreateWant, known: Known): string | undefined {
  return restore?.spec.imageId ?? (image === undefined ? undefined : (known.get(askImageIds(image))?.[0] ?? undefined));
}

/** What is wanted, without the variables that it has already. */
function patchFor(want: RecreateWant, { id }: Pick<Container, 'id'>, known: Known): Patch {
  const patch = patchOf(want);
  if (want.env === undefined) return patch;
  const has = known.the(askContainerEnvironment(id, want.env));
  const names = new Set(known.the(askContainerSpec(id)).env.map((entry) => entry.name));
  const given = Object.entries(want.env)
    .filter(([, value]) => value !== null)
    .map(([key]) => key);
  const env = Object.fromEntries(
    Object.entries(want.env).filter(([key, value]) =>
      value === null ? names.has(key) : has[given.indexOf(key)] !== true,
    ),
  );
  return { ...patch, env };
}

function replacedBy(id: string, known: Known): Replacement | undefined {
  return known
    .the(ask(replacements))
    .find(
      (one) =>
        one.step === 'done' &&
        one.new === id &&
        known.the(ask(containers)).some((container) => container.id === one.old),
    );
}

function results(
  want: RecreateWant,
  known: Known,
): readonly {
  readonly id: string;
  readonly name: string;
  readonly old: string | undefined;
  readonly lines: ReturnType<typeof explain>;
}[] {
  const selection = select(want, known);
  if (isRefused(selection)) return [];
  return selection.selected.map(({ id, name }) => {
    const composed = composedResult(want, { id, name }, known);
    if (composed !== undefined) return composed;
    const replaced = replacedBy(id, known);
    const old = replaced === undefined ? undefined : known.get(askContainerSpec(replaced.old));
    const spec = known.get(askContainerSpec(id));
    const hidden = replaced === undefined ? undefined : known.get(askHiddenDifferences(replaced.old, id));
    if (replaced === undefined || old === undefined || spec === undefined)
      return { id, name, old: undefined, lines: [] };
    const before = asBefore(old, replaced);
    const patch = want.restore === undefined ? patchOf(want) : restoration(want.restore, before, known).patch;
    return { id, name, old: replaced.old, lines: explain(before, spec, patch, hidden) };
  });
}
