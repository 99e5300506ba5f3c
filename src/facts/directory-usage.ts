import type { Fact } from './fact.ts';

/**
 * What directories take on the disk, by walking over them. Arguments: how many seconds there are for all of
 * them together, and paths. One answer for each path, in their order; null where it could not be told in time.
 */
export function directoryUsage(seconds: number): Fact<readonly (number | null)[]> {
  return {
    name: 'directory-usage',
    script: `end=$(($(date +%s) + $1)) index=0; shift
for directory; do
  left=$((end - $(date +%s)))
  [ "$left" -le 0 ] || printf 'used %s %s\\n' "$index" "$(timeout "$left" nice -n 19 du -sxB1 -- "$directory" 2>/dev/null | tail -n 1 | cut -f1)"
  index=$((index + 1))
done`,
    timeoutMs: (seconds + 30) * 1000,
    parse({ stdout }, [, ...paths]) {
      const found = new Map([...stdout.matchAll(/^used (\d+) (\d+)$/gm)].map(([, index, bytes]) => [Number(index), Number(bytes)]));
      return paths.map((_path, index) => found.get(index) ?? null);
    },
  };
}
