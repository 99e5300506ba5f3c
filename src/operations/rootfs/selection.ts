import * as z from 'zod';
import type { Selection } from '../../facts/containers/container-selection.ts';
import { selectContainers } from '../../facts/containers/container-selection.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import { isRefused } from '../../values/refusal.ts';
import { whichContainers } from '../engine/input.ts';
import type { Reading } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';
import { deviceName } from './thin.ts';

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

/** What Docker says, and which containers are meant. */
export interface Meant {
  readonly docker: Docker;
  /** Every container of the host. */
  readonly all: readonly Container[];
  readonly selection: Selection;
}

export function* readMeant(want: ContainerWant): Reading<Meant> {
  const [docker, all] = yield* together(ask(dockerInfo), ask(containers));
  const selector = { container: want.container, label: want.label, onlyRunning: want.only_running };
  return { docker, all, selection: selectContainers(all, selector) };
}

/** A container's root file system depends on the container, its device, the pool and the daemon. */
export function rootfsTouches({ selection }: Meant): {
  readonly reads: readonly string[];
  readonly changes: readonly string[];
} {
  const resources = isRefused(selection)
    ? []
    : selection.selected.flatMap((container) => [
        `container:${container.id}`,
        ...[deviceName(container) ?? []].flat().map((name) => `device:${name}`),
      ]);
  return { reads: ['docker', 'pool', ...resources], changes: resources };
}
