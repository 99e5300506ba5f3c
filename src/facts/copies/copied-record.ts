import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** How the last pass of a copy has left its destination. */
export interface CopiedRecord {
  /** When that was: another one for every pass. */
  readonly stamp: string;
  /** Nothing in the destination has been changed since. */
  readonly unchanged: boolean;
}

/** Arguments: from, to. Null when no pass of that copy is remembered, or one of them does not exist. */
export const copiedRecord: Fact<CopiedRecord | null> = {
  name: 'copied-record',
  timeoutMs: 1_800_000,
  script: shell('facts/copies/copied-record.sh'),
  parse({ status, stdout, stderr }, [, to = '']) {
    if (status === 0 && stdout === 'none\n') return null;
    const [, stamp, is] = /^passed (\d+\.\d+)\n(unchanged|changed)\n$/.exec(stdout) ?? [];
    if (status !== 0 || stamp === undefined)
      throw new AppError(
        'fact-unreadable',
        `it cannot be told how ${oneLine(to)} was left by a copy: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'look at /var/lib/plimsoll/copied on the host' },
      );
    return { stamp, unchanged: is === 'unchanged' };
  },
};
