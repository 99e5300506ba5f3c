import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** Whether a directory, and whatever leads to it, is for us alone to write to; of one that is not there, what leads to it. */
export interface OwnDirectory {
  /** Why it is not. */
  readonly problem: string | undefined;
}

/** Argument: the directory. */
export const ownDirectory: Fact<OwnDirectory> = {
  name: 'own-directory',
  script: shell('facts/host/own-directory.sh'),
  parse({ status, stdout, stderr }, [directory = '']) {
    const [, problem] = /^not (.+)$/m.exec(stdout) ?? [];
    if (status !== 0 || (problem === undefined && stdout !== 'own\n' && stdout !== 'missing\n'))
      throw new AppError(
        'fact-unreadable',
        `${oneLine(directory)} could not be looked at: ${oneLine(stderr === '' ? stdout : stderr)}`,
      );
    return { problem };
  },
};
