import type { FleetHost } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { always } from '../../faults/hosts/plain-hosts.ts';
import { goesOnRunning, runsAtEnd } from '../../faults/invariants/volume-invariants.ts';
import type { OperationCases } from '../operation-cases.ts';
import { offlineAnswers, offlineWorld } from '../pool-offline-world.ts';
import { poolAnswers, poolWorld } from '../pool-world.ts';

/** With and without a policy, and one that does not run and is not to. */
const severalPolicies: HostSpec = {
  ...twins['dm-xfs'],
  containers: [
    { name: 'c1', bytes: 320 * 1024 ** 2 },
    { name: 'c2', bytes: 320 * 1024 ** 2, restart: 'always' },
    { name: 'c3', bytes: 320 * 1024 ** 2, restart: 'unless-stopped' },
    { name: 'c4', bytes: 320 * 1024 ** 2, running: false },
  ],
};

/** The daemon answers whenever nothing runs on the host, and so do all that ran: unless the power has failed. */
async function runsAgain(host: FleetHost): Promise<readonly string[]> {
  const { code, stderr } = await host.run('systemctl is-active docker.service && docker ps -q');
  return code === 0 ? goesOnRunning(host) : [`the daemon does not answer: ${stderr}`];
}

/** What holds of every host with a pool (test/faults/invariants/invariants.ts): at every moment it is active and can be written. */
export const cases: OperationCases = {
  law: [
    { want: { size: '+1GiB', metadata_size: '48MiB' }, world: poolAnswers(await poolWorld('dm-xfs')) },
    {
      of: 'with the daemon stopped',
      want: { size: '+1GiB', metadata_size: '48MiB', offline: true },
      world: offlineAnswers(offlineWorld(await poolWorld('dm-xfs'))),
    },
    { of: 'of LVM', want: { size: '110%', metadata_size: '200%' }, world: poolAnswers(await poolWorld('dm-lvm')) },
  ],
  faults: [
    {
      on: 'loop files, data and metadata, relative size',
      host: always(twins['dm-xfs']),
      reversible: false,
      powerSafe: true,
      steps: () => [{ name: 'Grow', grow_pool: { size: '+1GiB', metadata_size: '200%' } }],
    },
    {
      on: 'offline, relative sizes',
      host: always(twins['dm-xfs']),
      reversible: false,
      powerSafe: true,
      steps: () => [{ name: 'Grow', grow_pool: { size: '+1GiB', metadata_size: '200%', offline: true } }],
      invariants: runsAgain,
      atEnd: runsAtEnd,
    },
    {
      // A container without a policy is down after a power failure, also where nothing has been done yet.
      on: 'offline, several restart policies',
      host: severalPolicies,
      reversible: false,
      steps: () => [{ name: 'Grow', grow_pool: { size: '3GiB', metadata_size: '64MiB', offline: true } }],
      invariants: runsAgain,
      atEnd: runsAtEnd,
    },
    {
      on: 'LVM, data and metadata',
      host: always(twins['dm-lvm']),
      reversible: false,
      powerSafe: true,
      steps: () => [{ name: 'Grow', grow_pool: { size: '2GiB', metadata_size: '+16MiB' } }],
    },
  ],
  steps: {
    themes: ['devicemapper'],
    make: ({ pick }) => {
      const size = pick.of(['3GiB', '+1GiB', '150%']);
      const metadata = pick.of([{}, { metadata_size: '64MiB' }, { metadata_size: '200%' }]);
      return {
        input: { size, ...metadata, ...pick.sometimes({ offline: true }) },
        again: /[+%]/.test(size + JSON.stringify(metadata)),
      };
    },
  },
};
