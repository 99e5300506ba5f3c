import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

const bytes = z.number().int().positive();

const schema = z.object({
  /** The pool's files, and what they are made: in the terms of what is stopped for a copy, which lies beside it. */
  from: z.string(),
  to: z.string(),
  dataBytes: bytes,
  metadataBytes: bytes,
  pool: z.string(),
  blockBytes: bytes,
  /** What the kernel says of the pool when it has grown. */
  reported: z.string(),
  /** Ids, in the order in which they are to be started. */
  containers: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  /** Of the containers, in the same order: while the daemon is down nobody else knows them. */
  names: z.array(z.string()),
});

/** A growth that the daemon is stopped for: written down from before the first container stops until all of them run again. */
export type Growth = Readonly<z.infer<typeof schema>>;

export interface PoolGrowth {
  /** Where it is written down. */
  readonly directory: string;
  readonly file: string;
  /** One that has been begun and has not come to its end; with the file's own text. */
  readonly begun: (Growth & { readonly text: string }) | undefined;
  /** The daemon's unit is neither active nor about to be. */
  readonly daemonDown: boolean;
  /** Active units that systemd stops together with the daemon, and does not start again with it. */
  readonly stopTogether: readonly string[];
}

/** The file's content: one line of JSON. */
export function growthRecord(growth: Growth): string {
  return `${JSON.stringify(growth)}\n`;
}

/** What is known of a growth with the daemon stopped, without asking the daemon. Errors: `fact-unreadable`. */
export const poolGrowth: Fact<PoolGrowth> = {
  name: 'pool-growth',
  script: shell('facts/pools/pool-growth.sh'),
  parse({ status, stdout, stderr }) {
    const [directory = '', record = '', ...lines] = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError(
        'fact-unreadable',
        `it cannot be told whether the daemon is stopped for a growth of its pool: ${oneLine(stderr)}`,
        { hint: 'look at /var/lib/plimsoll/stopped/pool on the host' },
      );
    const file = `${directory}/pool`;
    const parsed = record === '' ? undefined : schema.safeParse(parseJson(record));
    if (parsed?.success === false)
      throw new AppError('fact-unreadable', `${oneLine(file)} does not say what was begun: ${oneLine(record, 100)}`, {
        hint: 'it is not as plimsoll has written it; see that the daemon and the containers run, then remove it',
      });
    const units = lines.flatMap((line) => (line.startsWith('unit ') ? [line.slice('unit '.length)] : []));
    // Without systemd it says nothing.
    const state = lines[0] ?? '';
    return {
      directory,
      file,
      begun: parsed === undefined ? undefined : { ...parsed.data, text: `${record}\n` },
      daemonDown: state === 'inactive' || state === 'failed',
      stopTogether: units,
    };
  },
};
