import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { always } from '../../faults/hosts/plain-hosts.ts';
import { aContainer } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { answersOf, mappedTo, MiB, recordedHost } from '../recorded-hosts.ts';

export const cases: OperationCases = {
  law: [
    {
      want: { container: 'c1', at_least: '1GiB' },
      world: answersOf(mappedTo(await recordedHost('dm-xfs'), 2 * 1024 * MiB)),
    },
  ],
  faults: [
    {
      on: 'two containers, one of which has removed nothing',
      host: always({
        ...twins['dm-xfs'],
        containers: [
          { name: 'c1', bytes: 320 * MiB, removedBytes: 128 * MiB },
          { name: 'c2', bytes: 320 * MiB },
        ],
      }),
      reversible: false,
      powerSafe: true,
      steps: () => [{ name: 'Trim', trim_rootfs: { container: '*' } }],
    },
  ],
  steps: {
    themes: ['devicemapper'],
    make: (given) => ({
      input: {
        container: given.pick.is() ? aContainer(given) : '*',
        ...given.pick.sometimes({ at_least: given.pick.of(['1MiB', '10GiB']) }),
        ...given.pick.sometimes({ only_running: true }),
      },
    }),
  },
};
