import type { Fact } from '../fact.ts';

/** Argument: a directory. Its path without symbolic links; null where there is none. */
export const realPath: Fact<string | null> = {
  name: 'real-path',
  mostBytes: 65_536,
  script: `cd -P -- "$1" 2>/dev/null && pwd -P; exit 0`,
  parse: ({ stdout }) => (stdout.startsWith('/') ? stdout.replace(/\n$/, '') : null),
};
