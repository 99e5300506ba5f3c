import type { Fact } from './fact.ts';

/** Arguments: directories. The bytes that each has allocated; one that could not be read to its end is left out. Walks through all of them. */
export const directorySizes: Fact<Readonly<Record<string, number>>> = {
  name: 'directory-sizes',
  timeoutMs: 1_800_000,
  script: `for at do
  out=$(du -sxB1 -- "$at" 2>/dev/null </dev/null) && printf '%s\\n' "$out"
done
exit 0`,
  parse({ stdout }) {
    return Object.fromEntries(
      stdout.split('\n').flatMap((line) => {
        const [, bytes, path] = /^(\d+)\t(.+)$/.exec(line) ?? [];
        return bytes === undefined || path === undefined ? [] : [[path, Number(bytes)]];
      }),
    );
  },
};
