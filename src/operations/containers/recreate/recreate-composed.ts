import type { ComposeProject } from '../../../facts/containers/compose-project.ts';
import { askComposeProject } from '../../../facts/containers/compose-project.ts';
import { askComposedSpec, compositions } from '../../../facts/containers/compositions.ts';
import type { Composition } from '../../../facts/containers/compositions.ts';
import { askContainerEnvironment } from '../../../facts/containers/container-environment.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { askContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import type { Container } from '../../../facts/containers/containers.ts';
import type { FactRequest } from '../../../facts/fact.ts';
import { ask } from '../../../facts/fact.ts';
import type { ContainerPlan } from '../../engine/outcome.ts';
import type { Reading } from '../../engine/reading.ts';
import { beside, perhaps, together } from '../../engine/reading.ts';
import { composeContainerOf, explainComposed, planComposed } from '../compose/compose-project.ts';
import type { FidelityLine } from '../body/fidelity.ts';
import type { Patch } from '../body/patch.ts';
import type { Copies } from './stale-copy.ts';
import { noCopies, readCopies, staleCopyRefusal } from './stale-copy.ts';
import type { RecreateWant } from './recreate-input.ts';
import { patchOf } from './recreate-input.ts';

/** The part of recreate_container that concerns containers of Compose, where `compose: override` is said. */
type Meant = Pick<Container, 'id' | 'name' | 'image' | 'labels'>;

/** What is known of a container that Compose is to replace. */
export interface ComposedSeen {
  /** What Compose has begun: nothing but going on or back is right then, and nothing else is asked. */
  readonly underWay: Composition | undefined;
  readonly spec: ContainerSpec;
  /** As `askContainerEnvironment` has it. */
  readonly has: readonly boolean[] | undefined;
  readonly copies: Copies;
  readonly project: ComposeProject | undefined;
  /** The one that has led to this container and is not finalized, and what it was before. */
  readonly led: { readonly by: Composition; readonly old: ContainerSpec } | undefined;
}

export function askCompositions({ compose }: RecreateWant): FactRequest<readonly Composition[]> | undefined {
  return compose === 'override' ? ask(compositions) : undefined;
}

/** Whether Compose is to do it. `all`: what Compose has begun, where `compose: override` is said. */
export function isForCompose(want: RecreateWant, container: Meant, all: readonly Composition[]): boolean {
  return (
    isBeingComposed(container, all) || (want.compose === 'override' && composeContainerOf(container) !== undefined)
  );
}

/** Whether Compose has begun to. */
export function isBeingComposed(container: Pick<Meant, 'id'>, all: readonly Composition[]): boolean {
  return pending(container, all) !== undefined;
}

function pending({ id }: Pick<Meant, 'id'>, all: readonly Composition[]): Composition | undefined {
  return all.find((one) => one.old === id && one.step !== 'done');
}

export function* readComposed(
  want: RecreateWant,
  container: Meant,
  all: readonly Composition[],
): Reading<ComposedSeen> {
  const underWay = pending(container, all);
  if (underWay !== undefined) {
    const [spec] = yield* together(askComposedSpec(container.id));
    return { underWay, spec, has: undefined, copies: noCopies, project: undefined, led: undefined };
  }
  const of = composeContainerOf(container);
  const by = all.find((one) => one.new === container.id && one.step === 'done');
  const [[[spec], has], [copies, [project, old]]] = yield* beside(
    beside(
      together(askContainerSpec(container.id)),
      perhaps(want.env === undefined ? undefined : askContainerEnvironment(container.id, want.env)),
    ),
    beside(
      readCopies(patchOf(want).mounts),
      beside(
        perhaps(of === undefined ? undefined : askComposeProject(of)),
        perhaps(by === undefined ? undefined : askComposedSpec(by.old)),
      ),
    ),
  );
  return { underWay, spec, has, copies, project, led: by === undefined || old === undefined ? undefined : { by, old } };
}

/** `patch` leaves out what the container has already. */
export function planForCompose(
  want: RecreateWant,
  { underWay, spec, copies, project }: ComposedSeen,
  patch: () => Patch,
  uses: readonly ContainerUse[],
): ContainerPlan {
  const stale = underWay === undefined ? staleCopyRefusal(spec, patchOf(want).mounts, copies) : undefined;
  if (stale !== undefined) return stale;
  return planComposed({
    spec,
    patch: underWay === undefined ? patch() : patchOf(want),
    gate: { seconds: want.gate.seconds, healthy: want.gate.healthy },
    uses,
    project,
    underWay,
  });
}

/** What Compose has made of it; undefined where it has made nothing that is not finalized. */
export function composedResult(
  want: RecreateWant,
  { spec, led }: ComposedSeen,
): { readonly old: string; readonly lines: readonly FidelityLine[] } | undefined {
  return led === undefined ? undefined : { old: led.by.old, lines: explainComposed(led.old, spec, patchOf(want)) };
}
