import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** Which image (`sha256:…`) each name or id of one means now; null: the host has none. Arguments: the names. */
const imageIds: Fact<readonly (string | null)[]> = {
  name: 'image-ids',
  script: shell('facts/daemon/image-ids.sh'),
  parse({ status, stdout, stderr }, names) {
    const lines = stdout.split('\n').filter((line) => line !== '');
    const understood =
      status === 0 &&
      lines.length === names.length &&
      lines.every((line) => line === '-' || /^sha256:[0-9a-f]{64}$/.test(line));
    if (!understood)
      throw new AppError(
        'fact-unreadable',
        `it cannot be told which images there are: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'run "docker image ls" on the host by hand' },
      );
    return lines.map((line) => (line === '-' ? null : line));
  },
};

export function askImageIds(...names: readonly string[]): FactRequest<readonly (string | null)[]> {
  return ask(imageIds, ...names);
}
