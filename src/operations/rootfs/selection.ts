import * as z from 'zod';
import type { ContainerSelector, Selection } from '../../facts/containers/container-selection.ts';
import { selectContainers } from '../../facts/containers/container-selection.ts';
import { containers } from '../../facts/containers/containers.ts';
import { deviceMapper } from '../../facts/host/device-mapper.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { isRefused } from '../../values/refusal.ts';
import { whichContainers } from '../engine/input.ts';
import { askOverlayQuota } from './grow-overlay.ts';
import { askThinRootfs, deviceName } from './thin.ts';
import { judgeDriver } from './unsupported.ts';

/** How a playbook names the containers of a root file system operation. */
export const containerKeys = {
  ...whichContainers,
  only_running: z.boolean().optional().describe('leave out containers that do not run, instead of refusing'),
};

export interface ContainerWant {
  readonly container?: string | undefined;
  readonly label?: string | undefined;
  readonly only_running?: boolean | undefined;
}

export function selectorOf(want: ContainerWant): ContainerSelector {
  return { container: want.container, label: want.label, onlyRunning: want.only_running };
}

export function select(want: ContainerWant, known: Known): Selection {
  return selectContainers(known.the(ask(containers)), selectorOf(want));
}

/** Two flights: what Docker says; then what the kernel and the disk say of the containers that are meant. */
export function rootfsNeeds(want: ContainerWant, known: Known): readonly FactRequest[] {
  const docker = known.get(ask(dockerInfo));
  const all = known.get(ask(containers));
  if (docker === undefined || all === undefined) return [ask(dockerInfo), ask(containers)];
  if (judgeDriver(docker) !== undefined) return [];
  const selection = selectContainers(all, selectorOf(want));
  if (isRefused(selection)) return [];
  if (docker.driver === 'overlay2')
    return selection.selected.flatMap((container) => askOverlayQuota(container, docker) ?? []);
  return [ask(deviceMapper), ...selection.selected.flatMap((container) => askThinRootfs(container, docker) ?? [])];
}

/** A container's root file system depends on the container, its device, the pool and the daemon. */
export function rootfsTouches(
  want: ContainerWant,
  known: Known,
): { readonly reads: readonly string[]; readonly changes: readonly string[] } {
  const selection = select(want, known);
  const resources = isRefused(selection)
    ? []
    : selection.selected.flatMap((container) => [
        `container:${container.id}`,
        ...[deviceName(container) ?? []].flat().map((name) => `device:${name}`),
      ]);
  return { reads: ['docker', 'pool', ...resources], changes: resources };
}
