import { growFileSystemOperation } from './grow-file-system.ts';
import { defineReading } from '../engine/operation.ts';

export const xfsGrowfs = defineReading(
  growFileSystemOperation('xfs_growfs', 'Grow a mounted XFS to the size of its device'),
);
