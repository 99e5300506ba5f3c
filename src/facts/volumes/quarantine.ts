import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

const entrySchema = z.object({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/),
  /** Which volume it was put there for: its directory, as `VolumeDirectory.is` says it. A name may be used again. */
  is: z.string(),
  /** Seconds since the epoch, by the host's clock. */
  since: z.number().int().nonnegative(),
  until: z.number().int().nonnegative(),
  /** Its removal has begun, and perhaps not ended. */
  removing: z.boolean(),
});

/** A volume that is to be removed once its time has come, unless something uses it until then. It lies where it always has. */
export type Quarantined = Readonly<z.infer<typeof entrySchema>>;

export interface Quarantine {
  /** Seconds since the epoch, by the host's clock. */
  readonly now: number;
  readonly entries: readonly Quarantined[];
  /** Volumes that have been copied to a new version, and are kept until that is finalized. */
  readonly left: readonly string[];
}

/** What is in quarantine (`$PLIMSOLL_STATE/quarantine`, a small file for each volume), and what time it is on the host. */
export const quarantine: Fact<Quarantine> = {
  name: 'quarantine',
  script: shell('facts/volumes/quarantine.sh'),
  parse({ status, stdout, stderr }) {
    const lines = stdout.split('\n');
    const now = Number(/^now (\d+)$/.exec(lines[0] ?? '')?.[1]);
    if (status !== 0 || !Number.isSafeInteger(now) || lines.at(-2) !== 'end')
      throw unreadable(stderr === '' ? stdout : stderr);
    const rest = lines.slice(1, -2);
    return {
      now,
      left: rest.filter((line) => line.startsWith('left ')).map((line) => line.slice('left '.length)),
      entries: rest.filter((line) => !line.startsWith('left ')).map(parseEntry),
    };
  },
};

function parseEntry(line: string): Quarantined {
  const parsed = entrySchema.safeParse(parseJson(line));
  if (!parsed.success) throw unreadable(line);
  return parsed.data;
}

function unreadable(why: string): AppError {
  return new AppError('fact-unreadable', `it cannot be told which volumes are in quarantine: ${oneLine(why, 200)}`, {
    hint: 'look at /var/lib/plimsoll/quarantine on the host: a file there that plimsoll has not written can be removed',
  });
}
