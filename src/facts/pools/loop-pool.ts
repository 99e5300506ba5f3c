import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** A loop device, and the file that it shows. */
export interface LoopDevice {
  /** `/dev/loop0` */
  readonly device: string;
  readonly bytes: number;
  /** It shows only a part of the file. */
  readonly partial: boolean;
  readonly readOnly: boolean;
  /** Without the mark of one that has been deleted. */
  readonly file: string;
  readonly deleted: boolean;
  /** What stands at the file's path; undefined when there is nothing, or another file than the one that is shown. */
  readonly onDisk: { readonly bytes: number; readonly allocatedBytes: number } | undefined;
}

/** What a thin pool lies on, where that is files. */
export interface LoopPool {
  /** Undefined where there is no such loop device. */
  readonly data: LoopDevice | undefined;
  readonly metadata: LoopDevice | undefined;
  /** Bytes that can still be written to the file system of the data file; undefined while that file is not there. */
  readonly freeBytes: number | undefined;
}

const noBinary = 127;

/** Arguments: the pool's data device and its metadata device, as `major:minor`. Errors: `missing-tool`, `fact-unreadable`. */
export const loopPool: Fact<LoopPool> = {
  name: 'loop-pool',
  script: shell('facts/pools/loop-pool.sh', { no_binary: noBinary }),
  parse({ status, stdout, stderr }, [data = '', metadata = '']) {
    if (status === noBinary)
      throw new AppError('missing-tool', 'losetup is not installed', {
        hint: 'install the package util-linux (mount on Debian)',
      });
    if (status !== 0) throw unreadable(stderr === '' ? stdout : stderr);
    const lines = stdout.split('\n');
    const free = lines
      .find((line) => line.startsWith(`free ${data} `))
      ?.slice(`free ${data} `.length)
      .trim();
    return {
      data: parseLoop(lines, data),
      metadata: parseLoop(lines, metadata),
      freeBytes: free === undefined ? undefined : bytesOf(free),
    };
  },
};

function parseLoop(lines: readonly string[], number: string): LoopDevice | undefined {
  const line = lines.find((each) => each.startsWith(`loop ${number} `));
  if (line === undefined) return undefined;
  const [, device, limit, offset, readOnly, inode, bytes, shown] =
    /^loop \S+ (\S+) (\d+) (\d+) ([01]) (\d+) (\d+) (.+)$/.exec(line) ?? [];
  if (device === undefined || shown === undefined) throw unreadable(line);
  const [, own, size, blocks, blockBytes] =
    /^file \S+ (\d+) (\d+) (\d+) (\d+)$/.exec(lines.find((each) => each.startsWith(`file ${number} `)) ?? '') ?? [];
  const deleted = shown.endsWith(' (deleted)');
  return {
    device,
    bytes: bytesOf(bytes),
    partial: limit !== '0' || offset !== '0',
    readOnly: readOnly === '1',
    file: deleted ? shown.slice(0, -' (deleted)'.length) : shown,
    deleted,
    // Another file in its place has another inode.
    onDisk: own !== inode ? undefined : { bytes: bytesOf(size), allocatedBytes: bytesOf(blocks) * bytesOf(blockBytes) },
  };
}

function bytesOf(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw unreadable(text ?? '');
  return Number(text);
}

function unreadable(why: string): AppError {
  return new AppError('fact-unreadable', `the loop devices of the thin pool could not be read: ${oneLine(why)}`, {
    hint: 'run "losetup --list" on the host as root',
  });
}
