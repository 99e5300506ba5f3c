import { growFileSystemOperation } from './grow-file-system.ts';
import { defineOperation } from './operation.ts';

export const xfsGrowfs = defineOperation(growFileSystemOperation('xfs_growfs', 'Grow a mounted XFS to the size of its device'));
