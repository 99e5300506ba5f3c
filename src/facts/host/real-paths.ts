import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';

/** Arguments: absolute paths of one line each, whether they exist or not. Each without symbolic links. */
export const realPaths: Fact<Readonly<Record<string, string>>> = {
  name: 'real-paths',
  script: `[ "$#" -eq 0 ] || realpath -m -- "$@"`,
  parse({ status, stdout, stderr }, paths) {
    const lines = stdout.split('\n').slice(0, -1);
    if (status !== 0 || lines.length !== paths.length)
      throw new AppError(
        'fact-unreadable',
        `where the directories that containers bind really lie could not be read: ${oneLine(stderr)}`,
        { hint: 'realpath of GNU coreutils is needed on the host' },
      );
    return Object.fromEntries(paths.map((path, index) => [path, lines[index] ?? path]));
  },
};
