import type { Container } from '../../../facts/containers/containers.ts';
import { containers } from '../../../facts/containers/containers.ts';
import { selectContainers } from '../../../facts/containers/container-selection.ts';
import type { Composition } from '../../../facts/containers/compositions.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import { containerUses } from '../../../facts/containers/container-uses.ts';
import { ask } from '../../../facts/fact.ts';
import type { Replacement } from '../../../facts/containers/replacements.ts';
import { replacements } from '../../../facts/containers/replacements.ts';
import type { Json } from '../../../values/json.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { isRefused } from '../../../values/refusal.ts';
import { defineOperation } from '../../engine/operation.ts';
import type { Decision } from '../../engine/operation.ts';
import type { ContainerPlan } from '../../engine/outcome.ts';
import { combine } from '../../engine/outcome.ts';
import type { Reading } from '../../engine/reading.ts';
import { allBeside, beside, perhaps, together } from '../../engine/reading.ts';
import type { Outgrown } from '../../rootfs/outgrown.ts';
import { judgeStopped, readOutgrown, stoppedReads } from '../../rootfs/outgrown.ts';
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
import { patchFor, recreateSchema } from './recreate-input.ts';
import type { RecreateWant } from './recreate-input.ts';
import type { PlainSeen } from './recreate-plain.ts';
import { plainResult, planPlain, readPlain } from './recreate-plain.ts';
import { inPlace } from '../replace/under-way.ts';
import type { InPlace } from '../replace/under-way.ts';
import type { FidelityLine } from '../body/fidelity.ts';

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
  return 'composed' in one
    ? planForCompose(want, one.composed, () => patchFor(want, one.composed), uses)
    : planPlain(want, one.container, one.plain, uses);
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
