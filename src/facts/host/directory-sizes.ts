import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** Arguments: directories. The bytes that each has allocated; one that could not be read to its end is left out. Walks through all of them. */
export const directorySizes: Fact<Readonly<Record<string, number>>> = {
  name: 'directory-sizes',
  timeoutMs: 1_800_000,
  script: shell('facts/host/directory-sizes.sh'),
  parse({ stdout }) {
    return Object.fromEntries(
      stdout.split('\n').flatMap((line) => {
        const [, bytes, path] = /^(\d+)\t(.+)$/.exec(line) ?? [];
        return bytes === undefined || path === undefined ? [] : [[path, Number(bytes)]];
      }),
    );
  },
};
