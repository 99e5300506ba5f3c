import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

const script = shell('facts/host/directory-usage.sh');

/** What directories take on the disk, by walking over them; null where it could not be told in time. */
export function directoryUsage(seconds: number): Fact<readonly (number | null)[]> {
  return {
    name: 'directory-usage',
    script,
    timeoutMs: (seconds + 30) * 1000,
    parse({ stdout }, [, ...paths]) {
      const found = new Map(
        [...stdout.matchAll(/^used (\d+) (\d+)$/gm)].map(([, index, bytes]) => [Number(index), Number(bytes)]),
      );
      return paths.map((_path, index) => found.get(index) ?? null);
    },
  };
}
