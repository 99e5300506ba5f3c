import type { FleetHost } from '../../lab/sim/fleet.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import { twins } from '../../lab/sim/twin.ts';
import type { FaultCase } from './fault-case.ts';
import { goesOnRunning, runsAtEnd } from './volume-invariants.ts';

/** Its containers come up again by themselves. */
const always = (spec: HostSpec): HostSpec => ({
  ...spec,
  containers: (spec.containers ?? []).map((container) => ({ ...container, restart: 'always' })),
});

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

/** What holds of every host with a pool (invariants.ts): at every moment it is active and can be written. */
export const poolCases: readonly FaultCase[] = [
  {
    operation: 'grow_pool',
    on: 'loop files, data and metadata, relative size',
    host: always(twins['dm-xfs']),
    reversible: false,
    powerSafe: true,
    steps: () => [{ name: 'Grow', grow_pool: { size: '+1GiB', metadata_size: '200%' } }],
  },
  {
    operation: 'set_base_size',
    on: 'with a restart of the daemon',
    host: always(twins['dm-xfs']),
    reversible: false,
    powerSafe: true,
    steps: () => [{ name: 'Base size', set_base_size: { size: '1GiB', restart_daemon: true } }],
  },
  {
    operation: 'set_base_size',
    on: 'written for the next start',
    host: twins['dm-lvm'],
    reversible: true,
    steps: () => [{ name: 'Base size', set_base_size: { size: '1GiB' } }],
  },
  {
    operation: 'grow_pool',
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
    operation: 'grow_pool',
    on: 'offline, several restart policies',
    host: severalPolicies,
    reversible: false,
    steps: () => [{ name: 'Grow', grow_pool: { size: '3GiB', metadata_size: '64MiB', offline: true } }],
    invariants: runsAgain,
    atEnd: runsAtEnd,
  },
  {
    operation: 'grow_pool',
    on: 'LVM, data and metadata',
    host: always(twins['dm-lvm']),
    reversible: false,
    powerSafe: true,
    steps: () => [{ name: 'Grow', grow_pool: { size: '2GiB', metadata_size: '+16MiB' } }],
  },
];
