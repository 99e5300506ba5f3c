import { askComposeProject } from '../../../facts/containers/compose-project.ts';
import { askComposedSpec, compositions } from '../../../facts/containers/compositions.ts';
import type { Composition } from '../../../facts/containers/compositions.ts';
import { askContainerEnvironment } from '../../../facts/containers/container-environment.ts';
import { askContainerSpec } from '../../../facts/containers/container-spec.ts';
import { containerUses } from '../../../facts/containers/container-uses.ts';
import type { Container } from '../../../facts/containers/containers.ts';
import { containers } from '../../../facts/containers/containers.ts';
import type { FactRequest, Known } from '../../../facts/fact.ts';
import { ask } from '../../../facts/fact.ts';
import type { ContainerPlan } from '../../engine/outcome.ts';
import { composeContainerOf, explainComposed, planComposed, withComposed } from '../compose/compose-project.ts';
import type { FidelityLine } from '../body/fidelity.ts';
import type { Patch } from '../body/patch.ts';
import { copyNeedsOf, staleCopyRefusal } from './stale-copy.ts';
import type { RecreateWant } from './recreate-input.ts';
import { patchOf } from './recreate-input.ts';

/** The part of recreate_container that concerns containers of Compose, where `compose: override` is said. */
type Meant = Pick<Container, 'id' | 'name' | 'image' | 'labels'>;

export function composedFirst(want: RecreateWant): readonly FactRequest[] {
  return want.compose === 'override' ? [ask(compositions)] : [];
}

export function presentContainers(want: RecreateWant, known: Known): readonly Container[] {
  const all = known.the(ask(containers));
  return want.compose === 'override' ? withComposed(all, known.the(ask(compositions))) : all;
}

/** Whether Compose is to do it. */
export function isForCompose(want: RecreateWant, container: Meant, known: Known): boolean {
  return (
    isBeingComposed(want, container, known) ||
    (want.compose === 'override' && composeContainerOf(container) !== undefined)
  );
}

/** Whether Compose has begun to. */
export function isBeingComposed(want: RecreateWant, container: Pick<Meant, 'id'>, known: Known): boolean {
  return want.compose === 'override' && pending(container, known) !== undefined;
}

function pending({ id }: Pick<Meant, 'id'>, known: Known): Composition | undefined {
  return known.the(ask(compositions)).find((one) => one.old === id && one.step !== 'done');
}

/** The one that has led to this container, which is not finalized. */
function leadingTo({ id }: Pick<Meant, 'id'>, known: Known): Composition | undefined {
  return known.get(ask(compositions))?.find((one) => one.new === id && one.step === 'done');
}

export function composedNeeds(want: RecreateWant, container: Meant, known: Known): readonly FactRequest[] {
  if (pending(container, known) !== undefined) return [askComposedSpec(container.id)];
  const project = composeContainerOf(container);
  const led = leadingTo(container, known);
  return [
    askContainerSpec(container.id),
    ...(want.env === undefined ? [] : [askContainerEnvironment(container.id, want.env)]),
    ...copyNeedsOf(patchOf(want).mounts, known),
    ...(project === undefined ? [] : [askComposeProject(project)]),
    ...(led === undefined ? [] : [askComposedSpec(led.old)]),
  ];
}

/** `patch` leaves out what the container has already. */
export function planForCompose(want: RecreateWant, container: Meant, patch: () => Patch, known: Known): ContainerPlan {
  const underWay = pending(container, known);
  const project = composeContainerOf(container);
  const stale =
    underWay === undefined
      ? staleCopyRefusal(known.the(askContainerSpec(container.id)), patchOf(want).mounts, known)
      : undefined;
  if (stale !== undefined) return stale;
  return planComposed({
    spec: known.the(underWay === undefined ? askContainerSpec(container.id) : askComposedSpec(container.id)),
    patch: underWay === undefined ? patch() : patchOf(want),
    gate: { seconds: want.gate.seconds, healthy: want.gate.healthy },
    uses: known.the(ask(containerUses)),
    project: underWay === undefined && project !== undefined ? known.the(askComposeProject(project)) : undefined,
    underWay,
  });
}

/** What Compose has made of it; undefined where it has made nothing that is not finalized. */
export function composedResult(
  want: RecreateWant,
  { id, name }: Pick<Meant, 'id' | 'name'>,
  known: Known,
):
  | { readonly id: string; readonly name: string; readonly old: string; readonly lines: readonly FidelityLine[] }
  | undefined {
  const led = leadingTo({ id }, known);
  const old = led === undefined ? undefined : known.get(askComposedSpec(led.old));
  const spec = known.get(askContainerSpec(id));
  return led === undefined || old === undefined || spec === undefined
    ? undefined
    : { id, name, old: led.old, lines: explainComposed(old, spec, patchOf(want)) };
}
