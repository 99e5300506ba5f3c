import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

const schema = z.object({
  from: z.string(),
  to: z.string(),
  /** Ids, in the order in which they are to be started. */
  containers: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
});

/** The containers that were running when a copy was to stop them, and are to run again whatever becomes of it. */
export type Stopped = Readonly<z.infer<typeof schema>>;

export interface StoppedForCopies {
  /** Where they are written down, a small file for each copy, from before the first is stopped until the last runs again. */
  readonly directory: string;
  readonly all: readonly (Stopped & { readonly file: string; readonly text: string })[];
}

/** The file's content: one line of JSON. */
export function stoppedText(stopped: Stopped): string {
  return `${JSON.stringify(stopped)}\n`;
}

export const stoppedForCopies: Fact<StoppedForCopies> = {
  name: 'stopped-for-copies',
  script: shell('facts/copies/stopped-for-copy.sh'),
  parse({ status, stdout, stderr }) {
    const [directory = '', ...lines] = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError(
        'fact-unreadable',
        `it cannot be told whether containers were stopped for a copy: ${oneLine(stderr)}`,
        { hint: 'look at /var/lib/plimsoll/stopped on the host' },
      );
    const all = Array.from({ length: (lines.length - 2) / 2 }, (_, index) => {
      const file = `${directory}/${lines[index * 2] ?? ''}`;
      const line = lines[index * 2 + 1] ?? '';
      const parsed = schema.safeParse(parseJson(line));
      if (!parsed.success)
        throw new AppError(
          'fact-unreadable',
          `${oneLine(file)} does not say which containers were stopped: ${oneLine(line, 100)}`,
          {
            hint: 'it is not as plimsoll has written it; look which containers have to run, start them, then remove it',
          },
        );
      return { ...parsed.data, file, text: `${line}\n` };
    });
    return { directory, all };
  },
};
