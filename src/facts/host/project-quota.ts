import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { byHand } from '../../values/shell.ts';

/** The project quota on one directory. */
export interface ProjectQuota {
  /** The file system that holds the directory: `xfs`, `ext4`… */
  readonly fileSystem: string;
  readonly mountPoint: string;
  /** Its mount options, among which `prjquota` makes limits count. */
  readonly options: readonly string[];
  /** The directory's project id; 0: none. */
  readonly project: number;
  /** Bytes of hard limit on the project; 0: none. */
  readonly limitBytes: number;
  readonly usedBytes: number;
  /** Bytes free on the whole file system, which a limit does not reserve. */
  readonly freeBytes: number;
  readonly quotaTool: boolean;
}

/** One of the lines that such a script prints: `key value`. */
export function printedField(stdout: string, key: string): string | undefined {
  return stdout
    .split('\n')
    .find((line) => line.startsWith(`${key} `))
    ?.slice(key.length + 1)
    .trim();
}

/** Undefined when there is no such directory. `directory` is for messages. */
export function parseProjectQuota(stdout: string, directory: string): ProjectQuota | undefined {
  const field = (key: string): string | undefined => printedField(stdout, key);
  if (field('directory') === 'missing') return undefined;
  const mountPoint = field('mount') ?? '';
  const fileSystem = field('filesystem') ?? '';
  const freeBytes = Number(field('free'));
  if (mountPoint === '' || fileSystem === '' || !Number.isFinite(freeBytes))
    throw new AppError('fact-unreadable', `the file system of ${oneLine(directory)} cannot be determined`, {
      hint: `look at it by hand: ${byHand('df', directory)}`,
    });
  if (fileSystem === 'xfs' && field('tool') !== 'missing' && !/^\d+$/.test(field('project') ?? '')) {
    throw new AppError('fact-unreadable', `the project of ${oneLine(directory)} cannot be read`, {
      hint: `look at it by hand: ${byHand('xfs_io', '-r', '-c', 'stat', directory)}`,
    });
  }
  // `report -b`: blocks in KiB: used, soft limit, hard limit, …
  const [used = '0', , hard = '0'] = (field('quota') ?? '').split(/\s+/);
  return {
    fileSystem,
    mountPoint,
    options: (field('options') ?? '').split(/[\s,]+/).filter((option) => option !== ''),
    project: Number(field('project') ?? 0),
    limitBytes: Number(hard) * 1024,
    usedBytes: Number(used) * 1024,
    freeBytes,
    quotaTool: field('tool') !== 'missing',
  };
}
