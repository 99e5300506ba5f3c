import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { always } from '../../faults/hosts/plain-hosts.ts';
import { aContainer } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { answersOf, recordedHost } from '../recorded-hosts.ts';

const thin = await recordedHost('dm-xfs');
const grow = (more: object): readonly object[] => [{ name: 'Grow', grow_rootfs: { container: 'c1', ...more } }];

export const cases: OperationCases = {
  law: [
    { want: { container: 'c1', size: '640MiB' }, world: answersOf(thin) },
    {
      of: 'by a size that is relative, with the daemon',
      want: { container: 'c1', size: '200%', restart_daemon: true },
      world: answersOf(thin),
    },
    {
      of: 'on overlay2',
      want: { container: 'c1', size: '+64MiB' },
      world: answersOf(await recordedHost('overlay2-28')),
    },
  ],
  faults: [
    {
      on: 'devicemapper, xfs, restart of the daemon, relative size',
      host: always(twins['dm-xfs']),
      reversible: false,
      powerSafe: true,
      steps: () => grow({ size: '+192MiB', restart_daemon: true }),
    },
    {
      on: 'devicemapper, ext4, restart owed',
      host: always(twins['dm-ext4']),
      reversible: false,
      powerSafe: true,
      steps: () => grow({ size: '200MiB', restart_daemon: false }),
    },
    {
      on: 'devicemapper on LVM',
      host: twins['dm-lvm'],
      reversible: false,
      steps: () => grow({ size: '512MiB', restart_daemon: true }),
    },
    {
      on: 'overlay2 with quotas, relative size',
      host: always(twins['overlay2-20']),
      reversible: true,
      powerSafe: true,
      steps: () => grow({ size: '200%' }),
    },
  ],
  steps: {
    themes: ['devicemapper', 'volumes'],
    make: (given) => {
      const {
        pick,
        ground: { containerMib },
      } = given;
      const size = pick.of([`${String(containerMib + 192)}MiB`, '+192MiB', '200%', `${String(containerMib * 3)}MiB`]);
      return {
        input: { container: pick.is() ? aContainer(given) : '*', size, restart_daemon: pick.is() },
        again: /[+%]/.test(size),
      };
    },
  },
};
