import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../../../lab/sim/fleet.ts';
import { app, volumeHost } from '../../../faults/hosts/volume-hosts.ts';
import { isWhole, runsAtEnd, volumeIsSafe } from '../../../faults/invariants/volume-invariants.ts';
import { aVolume, peerName } from '../../../scenarios/step-maker.ts';
import type { OperationCases } from '../../operation-cases.ts';
import { sendWish, sendWorld } from '../../volumes/send-world.ts';

async function arrived(there: FleetHost | undefined): Promise<readonly string[]> {
  return there === undefined ? ['there is no other host'] : isWhole(there, 'moved');
}

async function nobodyIsLetIn(where: FleetHost, there: FleetHost | undefined): Promise<readonly string[]> {
  const left = await Promise.all(
    [
      join(where.directory, 'root/var/lib/plimsoll/sending'),
      ...['root/var/lib/plimsoll/receiving', 'root/root/.ssh'].map((name) => join(there?.directory ?? '', name)),
    ].map(async (at) => (await readdir(at).catch(() => [])).map((name) => `${at}/${name} is left`)),
  );
  return left.flat();
}

export const cases: OperationCases = {
  law: [
    {
      want: { from: { path: '/a' }, to: { host: 'b', path: '/b' }, bwlimit: '1MiB' },
      world: sendWorld(sendWish({ bwlimit: '1MiB' })),
    },
  ],
  faults: [
    {
      on: 'to a new volume on another host, a container runs',
      host: volumeHost(app),
      peer: { name: 'there', kind: 'overlay2-pquota' },
      reversible: true,
      powerSafe: true,
      steps: () => [
        {
          name: 'Send',
          send_volume: {
            from: { container: 'app', path: '/data' },
            to: { host: 'there', volume: 'moved' },
            stop: true,
          },
        },
      ],
      invariants: volumeIsSafe,
      atEnd: async (where, _places, there) => [
        ...(await runsAtEnd(where)),
        ...(await arrived(there)),
        ...(await nobodyIsLetIn(where, there)),
      ],
    },
  ],
  steps: {
    themes: ['volumes'],
    peer: true,
    make: (given) => ({
      input: { from: { volume: aVolume(given) }, to: { host: peerName, volume: 'moved' }, stop: true },
    }),
  },
};
