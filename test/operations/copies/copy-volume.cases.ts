import { copiedRecord } from '../../../src/facts/copies/copied-record.ts';
import { stoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { ask } from '../../../src/facts/fact.ts';
import { app, mib, volumeHost } from '../../faults/volume-hosts.ts';
import { content, isWhole, runsAtEnd, volumeIsSafe } from '../../faults/volume-invariants.ts';
import { aVolume } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { directoriesWorld } from './world.ts';

export const cases: OperationCases = {
  law: [
    {
      want: { from: { path: '/a' }, to: { path: '/b' } },
      world: directoriesWorld()
        .set(ask(stoppedForCopies), { directory: '/var/lib/plimsoll/stopped', all: [] })
        .set(ask(copiedRecord, '/a', '/b'), null),
    },
  ],
  faults: [
    {
      on: 'to another volume, a container runs',
      host: { ...volumeHost(app), volumes: [{ name: 'foo-0', bytes: 20 * mib, files: content }, { name: 'backup' }] },
      reversible: true,
      powerSafe: true,
      steps: () => [{ name: 'Copy', copy_volume: { from: { volume: 'foo-0' }, to: { volume: 'backup' }, stop: true } }],
      invariants: volumeIsSafe,
      atEnd: async (where) => [...(await runsAtEnd(where)), ...(await isWhole(where, 'backup'))],
    },
  ],
  steps: {
    themes: ['volumes'],
    make: (given) => {
      const { pick } = given;
      const from = aVolume(given);
      const to = pick.among(
        given.ground.volumes.filter((name) => name !== from),
        'none',
      );
      const consent = { stop: pick.of([true, true, false]), delete: pick.number(4) !== 3 };
      const way = {
        ...pick.sometimes({ method: pick.of(['rsync', 'cp', 'tar']) }),
        ...pick.sometimes({ first_pass_only: true }),
      };
      // Another first pass is another pass.
      return {
        input: { from: { volume: from }, to: { volume: to }, ...consent, ...way },
        again: 'first_pass_only' in way,
      };
    },
  },
};
