import * as z from 'zod';
import { containerName } from '../engine/input.ts';
import { containerDetails } from '../../facts/containers/container-details.ts';
import { selectContainers } from '../../facts/containers/container-selection.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import { ask } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { defineOperation } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';

const schema = z.strictObject({
  container: containerName.describe('the name or id of one container, or four or more of its first digits'),
});

/** Exactly one container; also for other operations that take one. */
export function oneContainer(text: string, all: readonly Container[]): Container | Refusal {
  const selection = selectContainers(all, { container: text });
  if (isRefused(selection)) return selection;
  const [container, ...more] = selection.selected;
  if (container === undefined) return refuse('no container was found', 'name one container');
  if (more.length === 0) return container;
  return refuse(
    `"${text}" means ${String(more.length + 1)} containers: ${selection.selected.map(({ name }) => name).join(', ')}`,
    'name one of them, or use loop: for all',
  );
}

export const dockerInspect = defineOperation({
  name: 'docker_inspect',
  summary: 'Read one container as docker inspect shows it (without its environment), to register it',
  schema,
  readOnly: true,
  repeats: false,
  *read(want) {
    const [all] = yield* together(ask(containers));
    const container = oneContainer(want.container, all);
    if (isRefused(container)) return container;
    const [details] = yield* together(ask(containerDetails, container.id));
    return { container, details };
  },
  plan: (_want, { container }) => ({ outcome: 'noop', reason: `read ${container.name}` }),
  touches: (_want, { container }) => ({ reads: [`container:${container.id}`], changes: [] }),
  result: (_want, { details }) => details,
});
