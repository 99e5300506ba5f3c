import * as z from 'zod';
import { containerDetails } from '../../facts/containers/container-details.ts';
import { selectContainers } from '../../facts/containers/container-selection.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { defineOperation } from '../engine/operation.ts';

const schema = z.strictObject({
  container: z.string().min(1).describe('the name or id of one container, or four or more of its first digits'),
});

type One = { readonly container: Container } | { readonly refused: string; readonly remedy: string };

/** Exactly one container; also for other operations that take one. Undefined while the list has not been read. */
export function oneContainer(text: string, known: Known): One | undefined {
  const all = known.get(ask(containers));
  if (all === undefined) return undefined;
  const selection = selectContainers(all, { container: text });
  if ('refused' in selection) return selection;
  const [container, ...more] = selection.selected;
  if (container === undefined) return { refused: 'no container was found', remedy: 'name one container' };
  if (more.length === 0) return { container };
  return {
    refused: `"${text}" means ${String(more.length + 1)} containers: ${selection.selected.map(({ name }) => name).join(', ')}`,
    remedy: 'name one of them, or use loop: for all',
  };
}

export const dockerInspect = defineOperation({
  name: 'docker_inspect',
  summary: 'Read one container as docker inspect shows it (without its environment), to register it',
  schema,
  readOnly: true,
  repeats: false,
  needs(want, known) {
    const one = oneContainer(want.container, known);
    return [
      ask(containers),
      ...(one !== undefined && 'container' in one ? [ask(containerDetails, one.container.id)] : []),
    ];
  },
  plan(want, known) {
    known.the(ask(containers));
    const one = oneContainer(want.container, known);
    if (one === undefined || 'refused' in one)
      return {
        outcome: 'refused',
        reason: one?.refused ?? 'the containers are not known',
        remedy: one?.remedy ?? 'run the same again',
      };
    known.the(ask(containerDetails, one.container.id));
    return { outcome: 'noop', reason: `read ${one.container.name}` };
  },
  touches(want, known) {
    const one = oneContainer(want.container, known);
    return { reads: [one !== undefined && 'container' in one ? `container:${one.container.id}` : '*'], changes: [] };
  },
  result(want, known) {
    const one = oneContainer(want.container, known);
    return one !== undefined && 'container' in one ? known.the(ask(containerDetails, one.container.id)) : null;
  },
});
