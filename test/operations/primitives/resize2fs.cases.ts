import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { ask } from '../../../src/facts/fact.ts';
import { fileSystem } from '../../../src/facts/host/file-system.ts';
import { longer } from '../../faults/hosts/plain-hosts.ts';
import { aContainer } from '../../scenarios/step-maker.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';
import { holding } from './world.ts';

export const cases: OperationCases = {
  law: [{ want: { device: '/dev/x' }, world: new Answers().set(ask(fileSystem, '/dev/x', '0'), holding('ext4')) }],
  faults: [
    {
      on: 'a device that is longer',
      host: twins['dm-ext4'],
      arrange: longer(409_600),
      reversible: false,
      restartSafe: false,
      steps: () => [{ name: 'Grow', resize2fs: { container: 'c1' } }],
    },
  ],
  steps: { themes: ['devicemapper'], make: (given) => ({ input: { container: aContainer(given) } }) },
};
