import { twins } from '../../lab/sim/twin.ts';
import type { FaultCase } from './fault-case.ts';

/** What holds of every host with a pool (invariants.ts): at every moment it is active and can be written. */
export const poolCases: readonly FaultCase[] = [
  {
    operation: 'grow_pool', on: 'loop files, data and metadata, relative size', host: twins['dm-xfs'], reversible: false, powerSafe: true,
    steps: () => [{ name: 'Grow', grow_pool: { size: '+1GiB', metadata_size: '200%' } }],
  },
  {
    operation: 'grow_pool', on: 'LVM, data and metadata', host: twins['dm-lvm'], reversible: false, powerSafe: true,
    steps: () => [{ name: 'Grow', grow_pool: { size: '2GiB', metadata_size: '+16MiB' } }],
  },
];
