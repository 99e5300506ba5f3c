import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { ask } from '../../../src/facts/fact.ts';
import { fileSystem } from '../../../src/facts/host/file-system.ts';
import { longer } from '../../faults/hosts/plain-hosts.ts';
import { aContainer } from '../../scenarios/step-maker.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';
import { holding } from './world.ts';

/** Of an operation that grows a file system of this kind; `sectors` is how long the container's device has become. */
export function growing(operation: 'resize2fs' | 'xfs_growfs', kind: 'ext4' | 'xfs', sectors: number): OperationCases {
  return {
    law: [{ want: { device: '/dev/x' }, world: new Answers().set(ask(fileSystem, '/dev/x', '0'), holding(kind)) }],
    faults: [
      {
        on: 'a device that is longer',
        host: twins[`dm-${kind}`],
        arrange: longer(sectors),
        reversible: false,
        restartSafe: false,
        steps: () => [{ name: 'Grow', [operation]: { container: 'c1' } }],
      },
    ],
    steps: { themes: ['devicemapper'], make: (given) => ({ input: { container: aContainer(given) } }) },
  };
}
