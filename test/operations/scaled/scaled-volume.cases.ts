import type { FleetHost } from '../../../lab/sim/fleet.ts';
import { scaledHost, volumesOf } from '../../faults/hosts/scaled-hosts.ts';
import { mib } from '../../faults/hosts/volume-hosts.ts';
import type { OperationCases } from '../operation-cases.ts';
import { scaledWorld } from './world.ts';

/** Whatever is cut, the host never has a second instance. */
const oneAtMost = async (where: FleetHost): Promise<readonly string[]> => {
  const names = await volumesOf(where);
  return names.every((name) => name === 'elk-1') ? [] : [`the host has ${names.join(', ')}`];
};

const isEnforced = async (where: FleetHost): Promise<readonly string[]> => {
  const { stdout } = await where.run(
    'df -B1 --output=size /var/lib/docker/volumes/elk-1/_data | tail -n 1; docker volume inspect --format \'{{index .Labels "plimsoll.scaled"}}\' elk-1',
  );
  return stdout.replaceAll(' ', '') === `${String(20 * mib)}\nelk\n` ? [] : [`elk-1 is shown as ${stdout}`];
};

export const cases: OperationCases = {
  law: [
    { want: { name: 'elk', scale: 3, size: '40MiB', labels: { tier: 'log' } }, world: scaledWorld() },
    {
      of: 'without a size, by another driver',
      want: { name: 'elk', scale: 3, driver: 'nfs', options: { share: 'elk' } },
      world: scaledWorld(),
    },
  ],
  faults: [
    {
      on: 'a new instance, with its quota in force',
      host: scaledHost(),
      reversible: true,
      powerSafe: true,
      steps: () => [
        { name: 'Its own volume', scaled_volume: { name: 'elk', scale: 1, size: '20MiB' }, register: 'elk' },
      ],
      invariants: oneAtMost,
      atEnd: isEnforced,
    },
  ],
  steps: {
    themes: ['volumes'],
    make: ({ pick }) => ({
      input: {
        name: 'elk',
        scale: pick.of([1, 2]),
        size: pick.of(['20MiB', '30MiB']),
        ...pick.sometimes({ labels: { tier: 'log' } }),
      },
    }),
  },
};
