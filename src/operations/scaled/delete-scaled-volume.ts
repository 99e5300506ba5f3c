import * as z from 'zod';
import { containerUses, usersOfVolume } from '../../facts/containers/container-uses.ts';
import { ask } from '../../facts/fact.ts';
import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import { askScaled } from '../../facts/volumes/scaled-set.ts';
import { volumeState } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Change } from '../engine/change.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { each, together } from '../engine/reading.ts';
import { names } from '../copies/directory-users.ts';
import { removeMade } from '../volumes/remove-volume.ts';
import { primeLabel } from '../versions/versions.ts';
import { instanceName, instancesHere } from './instances.ts';
import { identityFormat, subjectOf } from './make-instance.ts';
import { setName } from './template.ts';
import { shell } from '../../shell/shell.ts';

const schema = z.strictObject({
  name: setName.describe('the name of the scaled volume'),
  index: z.number().int().positive().describe('the number of its instance: 2 of elk_vol-2'),
});
type Want = z.infer<typeof schema>;

function* read({ name, index }: Want) {
  const [all, uses, set] = yield* together(ask(volumes), ask(containerUses), askScaled(name));
  const its = instancesHere(all, name).get(index) ?? [];
  const states = yield* each(
    its.filter(({ driver }) => driver === 'local').map(({ mountpoint }) => ask(volumeState, mountpoint)),
  );
  // Of those volumes whose quota counts them.
  const bytes = states.reduce((sum, { quota }) => sum + (quota?.usedBytes ?? 0), 0);
  return { its, uses, set, bytes };
}

export const deleteScaledVolume = defineOperation({
  name: 'delete_scaled_volume',
  summary: 'Remove an instance of a scaled volume from the host, with all that it holds, unless a container has it',
  schema,
  readOnly: false,
  repeats: false,
  read,

  plan(want, { its, uses, set, bytes }): Decision {
    const name = instanceName(want.name, want.index);
    if (its.length === 0) return gone(want, set);
    const users = its
      .flatMap((volume) => usersOfVolume(uses, volume))
      .filter(({ labels }) => labels[primeLabel] === undefined);
    if (users.length > 0)
      return refuse(
        `${name} is used by ${names(users)}`,
        'remove these containers, or recreate them with another volume, first',
      );
    return {
      outcome: 'change',
      changes: [remove(want, its, bytes)],
      warnings: [`what ${name} holds is gone then for good: plimsoll has no copy of it`],
    };
  },

  touches(want) {
    const own = [subjectOf(want.name), `volume:${instanceName(want.name, want.index)}`];
    return { reads: ['docker', ...own], changes: own };
  },
});

function remove({ name: set, index }: Want, all: readonly Volume[], bytes: number): Change {
  const name = instanceName(set, index);
  const more = all.length > 1 ? ` (${all.map((volume) => volume.name).join(', ')})` : '';
  return {
    summary: `${name}${more}: remove it, with all that it holds${bytes === 0 ? '' : ` (${formatBytes(bytes)})`}`,
    subject: subjectOf(set),
    before: { set, instance: name, volumes: all.map((volume) => `${volume.name} of ${volume.createdAt}`) },
    after: { set, instance: null },
    actions: all.map((volume) =>
      removeMade(
        volume.name,
        volume.mountpoint,
        primeLabel,
        `${identityFormat(false)} {{.CreatedAt}}`,
        `${volume.driver} ${set} ${String(index)} ${volume.createdAt}`,
      ),
    ),
    undo: 'irreversible',
    records: [{ kind: 'scaled', name: set, version: index, removes: true, spec: { name } }],
    atomic: true,
    bindings: {},
  };
}

const countScript = shell('operations/scaled/count.sh');

/** It is not on the host: then the records are not to have it either. */
function gone({ name: set, index }: Want, { host, instances, away }: ScaledSet): Decision {
  const name = instanceName(set, index);
  const noop = (reason: string): Decision => ({ outcome: 'noop', reason });
  if (away !== undefined)
    return {
      ...noop(`${name} is not on this host`),
      warnings: [`whether the records have it is not known: ${away.reason}`],
    };
  if (!instances.some((one) => one.host === host && one.index === index)) return noop(`${name} is not on this host`);
  const change: Change = {
    summary: `${name}: is not on the host any more, and is taken out of the records`,
    subject: subjectOf(set),
    before: { set, instance: name, volumes: [] },
    after: { set, instance: null },
    actions: [
      {
        kind: 'check',
        argv: ['/bin/sh', '-c', countScript, 'sh', name],
        equals: '0',
        otherwise: `${name} is on the host again`,
      },
    ],
    undo: 'irreversible',
    records: [{ kind: 'scaled', name: set, version: index, removes: true, spec: { name } }],
    atomic: true,
    bindings: {},
  };
  return { outcome: 'change', changes: [change] };
}
