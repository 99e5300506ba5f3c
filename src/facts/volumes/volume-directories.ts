import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { unescapeMount } from '../host/file-system.ts';
import { shell } from '../../shell/shell.ts';

/** The directory `volumes/NAME` of a volume of the local driver. */
export interface VolumeDirectory {
  /** Its inode and the time of its last change: another one when the volume is removed and made again. Writing into the volume does not change it. */
  readonly is: string;
  /** When it, or the volume's own top directory in it, was changed last, in seconds since the epoch. The volume is not older than that. */
  readonly changedAt: number;
  /** It holds `_data`, as a directory of its own. */
  readonly whole: boolean;
}

export interface VolumeDirectories {
  readonly byName: Readonly<Record<string, VolumeDirectory>>;
  /** Where something is mounted in one of them. */
  readonly mounts: readonly string[];
}

/** Argument: Docker's `volumes` directory. Looks no deeper than the top directory of each volume. */
export const volumeDirectories: Fact<VolumeDirectories> = {
  name: 'volume-directories',
  script: shell('facts/volumes/volume-directories.sh'),
  parse({ status, stdout, stderr }, [root = '']) {
    const lines = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError(
        'fact-unreadable',
        `the directories of the volumes in ${oneLine(root)} could not be read: ${oneLine(stderr)}`,
        { hint: 'does the daemon run on this host, under this root directory?' },
      );
    const found = lines.flatMap((line) => {
      const [, depth, type, inode, changed, path] = /^([12]) (\w) (\d+) (\d+\.\d+) (.+)$/.exec(line) ?? [];
      return inode === undefined || changed === undefined || path === undefined
        ? []
        : [{ depth, type, is: `${inode} ${changed}`, changedAt: Math.floor(Number(changed)), path }];
    });
    const tops = new Map(
      found
        .filter(({ depth, type, path }) => depth === '2' && type === 'd' && path.endsWith('/_data'))
        .map((one) => [one.path.slice(0, -'/_data'.length), one.changedAt]),
    );
    const directories = found.filter(({ depth, type }) => depth === '1' && type === 'd');
    return {
      byName: Object.fromEntries(
        directories.map(({ path, is, changedAt }) => [
          path,
          { is, changedAt: Math.max(changedAt, tops.get(path) ?? 0), whole: tops.has(path) },
        ]),
      ),
      mounts: lines
        .filter((line) => line.startsWith('mounted '))
        .map((line) => unescapeMount(line.slice('mounted '.length))),
    };
  },
};
