import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** What `df` says of the file system that a path lies on; of a directory with a project quota: of that. Bytes. */
export interface DiskSpace {
  readonly source: string;
  readonly type: string;
  readonly mountPoint: string;
  readonly size: number;
  readonly used: number;
  readonly available: number;
  /** 0 where the file system has no fixed number of them. */
  readonly inodes: number;
  readonly freeInodes: number;
}

/**
 * Arguments: paths. One answer for each, in their order; null where the path does not exist, or df gives
 * no answer within seconds, as on a network file system whose server is away.
 */
export const diskSpace: Fact<readonly (DiskSpace | null)[]> = {
  name: 'disk-space',
  script: shell('facts/host/disk-space.sh'),
  parse({ status, stdout, stderr }, paths) {
    const lines = stdout.split('\n').filter((line) => line !== '');
    if (status !== 0 || lines.length !== paths.length)
      throw new AppError(
        'fact-unreadable',
        `the file systems could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'run "df" on the host by hand: what it prints is not what is expected' },
      );
    return lines.map((line) => parseLine(line.slice('df '.length)));
  },
};

/** `/dev/vda ext4 320000 290000 5218238464 1052004352 3880300544 /`. A source may hold blanks; a type and numbers do not. */
function parseLine(line: string): DiskSpace | null {
  const [, source, type, inodes, freeInodes, size, used, available, mountPoint] =
    /^(.*\S) +(\S+) +(\d+|-) +(\d+|-) +(\d+|-) +(\d+|-) +(\d+|-) (\/.*)$/.exec(line.trim()) ?? [];
  if (source === undefined || type === undefined || mountPoint === undefined) return null;
  const number = (text: string | undefined): number => (text === undefined || text === '-' ? 0 : Number(text));
  return {
    source,
    type,
    mountPoint,
    size: number(size),
    used: number(used),
    available: number(available),
    inodes: number(inodes),
    freeInodes: number(freeInodes),
  };
}
