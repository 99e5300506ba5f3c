import type { HostSpec } from '../../../lab/sim/spec.ts';
import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { aContainer } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { answersOf, MiB, recordedHost, sized, withoutDevice, withState } from '../recorded-hosts.ts';

const grown = sized(await recordedHost('dm-xfs'), { fileSystem: 640 * MiB, stored: 320 * MiB, daemon: 320 * MiB });
const stopped = { ...withoutDevice(withState(grown, 'exited')), superblock: grown.superblock };
/** A resize by hand has broken it. */
const broken: HostSpec = {
  ...twins['dm-xfs'],
  containers: [{ name: 'c1', bytes: 320 * MiB, grownBytes: 512 * MiB, running: false }],
};

export const cases: OperationCases = {
  law: [{ want: { container: 'c1' }, world: answersOf(stopped) }],
  faults: [
    {
      on: 'a container that does not start',
      host: broken,
      reversible: true,
      steps: () => [{ name: 'Repair', repair_rootfs: { container: 'c1' } }],
    },
    {
      on: 'the daemon restarted for it',
      host: broken,
      reversible: true,
      steps: () => [{ name: 'Repair', repair_rootfs: { container: 'c1', restart_daemon: true } }],
    },
  ],
  steps: {
    themes: ['devicemapper'],
    make: (given) => ({
      input: {
        container: aContainer(given),
        ...given.pick.sometimes({ start: false }),
        ...given.pick.sometimes({ restart_daemon: true }),
      },
    }),
  },
};
