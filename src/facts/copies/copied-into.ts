import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** What is remembered of the copy that a directory is, and what has become of its source since. */
export interface CopiedInto {
  readonly from: string;
  /** It has come to its end, and was compared. */
  readonly complete: boolean;
  /** How much in the source is newer than the copy, and at most three of these, below it; -1: the source is gone. */
  readonly newer: number;
  readonly first: readonly string[];
}

/** Argument: the directory. Null when it does not exist, or is no copy that is remembered. */
export const copiedInto: Fact<CopiedInto | null> = {
  name: 'copied-into',
  timeoutMs: 1_800_000,
  script: shell('facts/copies/copied-into.sh'),
  parse({ status, stdout, stderr }, [to = '']) {
    if (status === 0 && stdout === 'none\n') return null;
    const [, from, is, newer, first = ''] =
      /^from (.*)\n(complete|begun)\nnewer (-?\d+)\n((?:.*\n)*)$/.exec(stdout) ?? [];
    if (status !== 0 || from === undefined || newer === undefined) {
      throw new AppError(
        'fact-unreadable',
        `it cannot be told whether what ${oneLine(to)} is a copy of has been written to since: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'look at /var/lib/plimsoll/copied on the host' },
      );
    }
    return {
      from,
      complete: is === 'complete',
      newer: Number(newer),
      first: first.split('\n').filter((line) => line !== ''),
    };
  },
};

export function askCopiedInto(directory: string): FactRequest<CopiedInto | null> {
  return ask(copiedInto, directory);
}
