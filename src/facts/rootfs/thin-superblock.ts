import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import type { Superblock } from '../host/file-system.ts';
import { parseSuperblock } from '../host/file-system.ts';
import { shell } from '../../shell/shell.ts';

/** The superblock of a thin device that is not active. Nothing that existed is touched. */
export const thinSuperblock: Fact<Superblock | null> = {
  name: 'thin-superblock',
  mostBytes: 65_536,
  script: shell('facts/rootfs/thin-superblock.sh'),
  parse({ status, stdout, stderr }, [pool = '', id = '']) {
    if (status !== 0 || stdout.trim() === '') {
      throw new AppError(
        'fact-unreadable',
        `thin device ${id} of pool ${pool} could not be read: ${oneLine(stderr, 200)}`,
        { hint: 'is the pool active? dmsetup status' },
      );
    }
    return parseSuperblock(stdout.trim()) ?? null;
  },
};
