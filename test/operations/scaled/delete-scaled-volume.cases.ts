import { scaledHost, volumesOf } from '../../faults/hosts/scaled-hosts.ts';
import { mib } from '../../faults/hosts/volume-hosts.ts';
import type { OperationCases } from '../operation-cases.ts';
import { scaledWorld } from './world.ts';

const labels = {
  'plimsoll.scaled': 'elk',
  'plimsoll.index': '1',
  'plimsoll.operation': 'scaled_volume',
  'plimsoll.volume': 'elk-1',
};

export const cases: OperationCases = {
  law: [{ want: { name: 'elk', index: 1 }, world: scaledWorld({ here: [1] }) }],
  faults: [
    {
      on: 'an instance that holds something',
      host: scaledHost({ volumes: [{ name: 'elk-1', bytes: 20 * mib, labels, files: { data: 'data\n' } }] }),
      reversible: false,
      powerSafe: true,
      steps: () => [{ name: 'Remove it', delete_scaled_volume: { name: 'elk', index: 1 } }],
      atEnd: async (where) => ((await volumesOf(where)).length === 0 ? [] : ['elk-1 is still there']),
    },
  ],
  steps: { themes: ['volumes'], make: ({ pick }) => ({ input: { name: 'elk', index: pick.of([1, 2]) } }) },
};
