import { growFileSystemOperation } from './grow-file-system.ts';
import { defineOperation } from '../engine/operation.ts';

export const xfsGrowfs = defineOperation(
  growFileSystemOperation('xfs_growfs', 'Grow a mounted XFS to the size of its device'),
);
