import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

const markerSchema = z.object({
  /** Both without symbolic links. */
  from: z.string(),
  to: z.string(),
  /** Of the destination. Its device is left out: that may have another number after a restart. */
  inode: z.string(),
  /** Seconds since the epoch; 0 where it is not known. Inodes are used again for other directories. */
  born: z.number(),
  /** What the destination held when the copy began: part of the same copy, or something that is to be replaced. */
  found: z.enum(['nothing', 'part', 'else']),
  /** The destination's own at that time. */
  owner: z.string(),
  mode: z.string(),
});

/** What a copy writes down before it begins. */
export type CopyMarker = Readonly<z.infer<typeof markerSchema>>;

export interface BegunCopy extends CopyMarker {
  readonly file: string;
  readonly text: string;
  /** What has been copied may be wrong although sizes and times are right: the host has been restarted since, or the copy has failed its verification. */
  readonly doubtful: boolean;
}

export interface BegunCopies {
  /** Where copies that have begun say so, a small file for each, until they have been verified. */
  readonly directory: string;
  readonly copies: readonly BegunCopy[];
}

/** Every copy on the host that has begun and is not verified yet. */
export const begunCopies: Fact<BegunCopies> = {
  name: 'begun-copies',
  script: shell('facts/copies/begun-copies.sh'),
  parse({ status, stdout, stderr }) {
    const [boot = '', directory = '', ...lines] = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError('fact-unreadable', `it cannot be told whether a copy has been begun: ${oneLine(stderr)}`, {
        hint: 'look at /var/lib/plimsoll/copies on the host',
      });
    const started = Number(/^boot (\d+)$/.exec(boot)?.[1] ?? Infinity);
    const copies = Array.from({ length: Math.ceil((lines.length - 2) / 2) }, (_, index) =>
      begunCopy(directory, lines[index * 2] ?? '', lines[index * 2 + 1] ?? '', started),
    );
    return { directory, copies };
  },
};

function begunCopy(directory: string, head: string, line: string, started: number): BegunCopy {
  const [, name = '', written] = /^(.*) (\d+)$/.exec(head) ?? [];
  const file = `${directory}/${name}`;
  const marker = markerSchema.safeParse(parseJson(line));
  if (written === undefined || !marker.success) {
    throw new AppError(
      'fact-unreadable',
      `${oneLine(file)} does not say what copy it is about: ${oneLine(line, 100)}`,
      { hint: 'it is not as plimsoll has written it; look whether a copy was being made, then remove it' },
    );
  }
  return { ...marker.data, file, text: `${line}\n`, doubtful: Number(written) < started };
}

/** Arguments: from, to. Empty when everything in the destination can be what a copy that was cut has left. */
export const copyStrangers: Fact<readonly string[]> = {
  name: 'copy-strangers',
  timeoutMs: 1_800_000,
  script: shell('facts/copies/copy-strangers.sh'),
  parse({ status, stdout, stderr }, [, to = '']) {
    if (status === 0) return [];
    if (status === 9) return stdout.replace(/\n$/, '').split('\n');
    throw new AppError(
      'fact-unreadable',
      `it cannot be told what the copy has left in ${oneLine(to)}: ${oneLine(stderr)}`,
      { hint: 'is it being changed at this moment?' },
    );
  },
};
