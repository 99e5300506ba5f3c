import type { BatchSize } from '../../config/model/types.ts';

/** A share of a play's hosts, at least one: 10 % of 4 hosts is one host. */
function count(size: BatchSize, total: number): number {
  return size.kind === 'count' ? Math.max(1, size.count) : Math.max(1, Math.floor((total * size.percent) / 100));
}

/** The waves of a play: the last size repeats until no host is left. */
export function wavesOf<Host>(hosts: readonly Host[], batch: readonly BatchSize[]): readonly (readonly Host[])[] {
  const waves: (readonly Host[])[] = [];
  let at = 0;
  for (let number = 0; at < hosts.length; number += 1) {
    const size = batch[Math.min(number, batch.length - 1)] ?? { kind: 'percent', percent: 100 };
    const end = at + count(size, hosts.length);
    waves.push(hosts.slice(at, end));
    at = end;
  }
  return waves;
}

/** Whether so many failed hosts forbid the next wave. */
export function exceeds(failures: number, most: BatchSize, total: number): boolean {
  return failures > (most.kind === 'count' ? most.count : Math.floor((total * most.percent) / 100));
}
