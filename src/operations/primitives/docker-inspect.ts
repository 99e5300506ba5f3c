import * as z from 'zod';
import { containerDetails } from '../../facts/containers/container-details.ts';
import { selectContainers } from '../../facts/containers/container-selection.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { defineOperation } from '../engine/operation.ts';

const schema = z.strictObject({
  container: z.string().min(1).describe('the name or id of one container, or four or more of its first digits'),
});

/** Exactly one container; also for other operations that take one. */
export function oneContainer(text: string, known: Known): { readonly container: Container } | Refusal {
  const all = known.get(ask(containers));
  if (all === undefined) return refuse('the containers are not known', 'run the same again');
  const selection = selectContainers(all, { container: text });
  if (isRefused(selection)) return selection;
  const [container, ...more] = selection.selected;
  if (container === undefined) return refuse('no container was found', 'name one container');
  if (more.length === 0) return { container };
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
  needs(want, known) {
    const one = oneContainer(want.container, known);
    return [ask(containers), ...(isRefused(one) ? [] : [ask(containerDetails, one.container.id)])];
  },
  plan(want, known) {
    known.the(ask(containers));
    const one = oneContainer(want.container, known);
    if (isRefused(one)) return one;
    known.the(ask(containerDetails, one.container.id));
    return { outcome: 'noop', reason: `read ${one.container.name}` };
  },
  touches(want, known) {
    const one = oneContainer(want.container, known);
    return { reads: [isRefused(one) ? '*' : `container:${one.container.id}`], changes: [] };
  },
  result(want, known) {
    const one = oneContainer(want.container, known);
    return isRefused(one) ? null : known.the(ask(containerDetails, one.container.id));
  },
});
