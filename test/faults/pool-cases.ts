import type { HostSpec } from '../../lab/sim/spec.ts';
import { twins } from '../../lab/sim/twin.ts';
import type { FaultCase } from './fault-case.ts';

/** Its containers come up again by themselves. */
const always = (spec: HostSpec): HostSpec => ({ ...spec, containers: (spec.containers ?? []).map((container) => ({ ...container, restart: 'always' })) });

/** What holds of every host with a pool (invariants.ts): at every moment it is active and can be written. */
export const poolCases: readonly FaultCase[] = [
  {
    operation: 'grow_pool', on: 'loop files, data and metadata, relative size', host: always(twins['dm-xfs']), reversible: false, powerSafe: true,
    steps: () => [{ name: 'Grow', grow_pool: { size: '+1GiB', metadata_size: '200%' } }],
  },
  {
    operation: 'set_base_size', on: 'with a restart of the daemon', host: always(twins['dm-xfs']), reversible: false, powerSafe: true,
    steps: () => [{ name: 'Base size', set_base_size: { size: '1GiB', restart_daemon: true } }],
  },
  {
    operation: 'set_base_size', on: 'written for the next start', host: twins['dm-lvm'], reversible: true,
    steps: () => [{ name: 'Base size', set_base_size: { size: '1GiB' } }],
  },
  {
    operation: 'grow_pool', on: 'LVM, data and metadata', host: always(twins['dm-lvm']), reversible: false, powerSafe: true,
    steps: () => [{ name: 'Grow', grow_pool: { size: '2GiB', metadata_size: '+16MiB' } }],
  },
];
