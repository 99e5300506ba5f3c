import { AppError } from '../../errors.ts';
import { shell } from '../../shell/shell.ts';
import { byHand } from '../../values/shell.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';

/** What an earlier trimming has noted of a device: it is there until the device is not. */
interface Trimmed {
  /** By how much the pool's used space fell. */
  readonly givenBackBytes: number;
  /** How much more than its file system used the device then still had of the pool: in blocks that are used in part, say. */
  readonly spareBytes: number;
}

/** What trimming a container's root file system needs, and what has become of it the last time. */
export interface TrimState {
  readonly hasFstrim: boolean;
  /** The most that one discard may give back, 0 where the device takes none; undefined while it is not active. */
  readonly discardBytes: number | undefined;
  readonly trimmed: Trimmed | undefined;
}

/** Argument: the name of the thin device. Errors: `fact-unreadable`. */
export const trimState: Fact<TrimState> = {
  name: 'trim-state',
  script: shell('facts/rootfs/trim-state.sh'),
  parse({ stdout }, [name = '']) {
    const lines = stdout.split('\n');
    const field = (key: string): string | undefined =>
      lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1);
    return {
      hasFstrim: lines.includes('fstrim'),
      discardBytes: parseDiscard(field('discard'), name),
      trimmed: parseTrimmed(field('trimmed'), name),
    };
  },
};

function parseDiscard(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new AppError('fact-unreadable', `whether the device ${oneLine(name)} takes discards cannot be told`, {
    hint: `look at it: ${byHand('lsblk', '--discard', `/dev/mapper/${oneLine(name)}`)}`,
  });
}

function parseTrimmed(text: string | undefined, name: string): Trimmed | undefined {
  if (text === undefined) return undefined;
  const [, givenBack, spare] = /^(\d+) (\d+)$/.exec(text) ?? [];
  if (givenBack === undefined || spare === undefined)
    throw new AppError('fact-unreadable', `what was noted of the last trimming of ${oneLine(name)} is not understood`, {
      hint: `the file can be removed: ${byHand('rm', `/var/lib/plimsoll/trimmed/${oneLine(name)}`)}`,
    });
  return { givenBackBytes: Number(givenBack), spareBytes: Number(spare) };
}
