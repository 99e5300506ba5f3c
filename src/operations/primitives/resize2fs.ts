import { growFileSystemOperation } from './grow-file-system.ts';
import { defineOperation } from '../engine/operation.ts';

export const resize2fs = defineOperation(
  growFileSystemOperation('resize2fs', 'Grow a mounted ext2, ext3 or ext4 to the size of its device'),
);
