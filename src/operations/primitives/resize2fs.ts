import { growFileSystemOperation } from './grow-file-system.ts';
import { defineReading } from '../engine/operation.ts';

export const resize2fs = defineReading(
  growFileSystemOperation('resize2fs', 'Grow a mounted ext2, ext3 or ext4 to the size of its device'),
);
