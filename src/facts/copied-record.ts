import { AppError } from '../errors.ts';
import { oneLine } from '../values/terminal.ts';
import type { Fact } from './fact.ts';
import { shell } from '../shell/shell.ts';

/** Text for the shell: a string as JSON has it, without control characters, which no path of ours holds. */
export const jsonFunction = shell('facts/json.sh');

/** Text for the shell: when anything in a directory was changed last, its own names and everything below it. */
export const stateOfFunction = shell('facts/state-of.sh');

/**
 * Shell functions about copies from one directory to another.
 *
 * A copy is known by what its marker (begun-copy.ts) begins with: source, destination, and the
 * destination's inode and time of birth. `copies/` has the markers of those that are begun; `copied/` has
 * for each destination the marker and how a pass has left it: the newest change of anything in it, and
 * when a name was last added to or removed from the directory itself (not the directory's own change
 * time: Docker sets the quota project of a volume's directory anew).
 *
 * `resolve FROM TO` (or, where the source is elsewhere, `copy_of NAME TO`), then `find_own`, then the others. The shell is
 * in the destination from then on; `$from_is` and `$to_is` are which directories the two have to be, and are, as `enter` takes it.
 */
export const copiedFunctions = `${shell('facts/copied.sh')}\n`;

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
  script: shell('facts/copied-record.sh'),
  parse({ status, stdout, stderr }, [, to = '']) {
    if (status === 0 && stdout === 'none\n') return null;
    const [, stamp, is] = /^passed (\d+\.\d+)\n(unchanged|changed)\n$/.exec(stdout) ?? [];
    if (status !== 0 || stamp === undefined) throw new AppError('fact-unreadable', `it cannot be told how ${oneLine(to)} was left by a copy: ${oneLine(stderr === '' ? stdout : stderr)}`, { hint: 'look at /var/lib/plimsoll/copied on the host' });
    return { stamp, unchanged: is === 'unchanged' };
  },
};
