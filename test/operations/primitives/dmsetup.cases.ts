import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { aContainer } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { thinWorld } from '../thin-world.ts';

const load: readonly object[] = [
  { name: 'Read the container', docker_inspect: { container: 'c1' }, register: 'c1' },
  {
    name: 'Read its table',
    dmsetup: { action: 'table', device: '${{ c1.GraphDriver.Data.DeviceName }}' },
    register: 'live',
  },
  {
    name: 'Load',
    dmsetup: {
      action: 'load',
      device: '${{ c1.GraphDriver.Data.DeviceName }}',
      table: '0 1048576 thin ${{ live.pool }} ${{ live.device_id }}',
    },
  },
];

export const cases: OperationCases = {
  law: [{ want: { action: 'load', device: 'c', table: '0 16384 thin 253:0 4' }, world: thinWorld() }],
  faults: [
    { on: 'load', host: twins['dm-xfs'], reversible: true, steps: () => load },
    {
      on: 'load and resume',
      host: twins['dm-xfs'],
      reversible: false,
      steps: () => [
        ...load,
        { name: 'Resume', dmsetup: { action: 'resume', device: '${{ c1.GraphDriver.Data.DeviceName }}' } },
      ],
    },
  ],
  steps: {
    themes: ['devicemapper'],
    make: (given) => {
      const {
        pick,
        number,
        ground: { fileSystem },
      } = given;
      const [it, live] = [`it${String(number)}`, `live${String(number)}`];
      const device = `\${{ ${it}.GraphDriver.Data.DeviceName }}`;
      const action = pick.of(['table', 'info', 'status', 'load', 'resume']);
      const inspected = { docker_inspect: { container: aContainer(given) }, register: it };
      if (action !== 'load') return { input: { action, device }, needs: [inspected] };
      const sectors = fileSystem === 'xfs' ? 1_048_576 : 409_600;
      return {
        input: { action, device, table: `0 ${String(sectors)} thin \${{ ${live}.pool }} \${{ ${live}.device_id }}` },
        needs: [inspected, { dmsetup: { action: 'table', device }, register: live }],
      };
    },
  },
};
