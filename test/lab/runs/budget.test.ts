// lab: 30 s, src/transport/ src/run/work/ src/run/reach/
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cost } from './counted-host.ts';
import { CountedHost } from './counted-host.ts';

const inOrder = { concurrent: false };
const planned = ['plan', '--allow-read-only-programs'];
const applied = ['apply', '--yes'];
const asks = (text: string): object => ({ command: ['echo', text], read_only: true });
const changes = (text: string): object => ({ command: ['echo', text] });
const times = (count: number, step: (text: string) => object): readonly object[] =>
  Array.from({ length: count }, (_, index) => step(String(index)));

interface Row {
  readonly what: string;
  readonly args: readonly string[];
  readonly steps?: readonly object[];
  readonly budget: Cost;
}

/**
 * What is spent with real sshd and Debian's bash as the login shell: processes and fsyncs to the number. A round trip more
 * is for what two ends say at once when they meet: which is first is not certain.
 */
const rows: readonly Row[] = [
  {
    what: 'connect',
    args: ['ping', 'web'],
    budget: { processes: 6, fsyncs: 0, roundTrips: 11, bytesToHost: 5000, bytesFromHost: 3200 },
  },
  {
    what: 'a noop step',
    args: applied,
    steps: [{ assert: { that: ['${{ 1 == 1 }}'] } }],
    budget: { processes: 3, fsyncs: 0, roundTrips: 11, bytesToHost: 4700, bytesFromHost: 3000 },
  },
  {
    what: 'a fact',
    args: planned,
    steps: times(1, asks),
    budget: { processes: 6, fsyncs: 0, roundTrips: 11, bytesToHost: 5200, bytesFromHost: 3300 },
  },
  {
    what: 'six facts: one process each, and no round trip more than one',
    args: planned,
    steps: times(6, asks),
    budget: { processes: 12, fsyncs: 0, roundTrips: 11, bytesToHost: 8000, bytesFromHost: 5500 },
  },
  {
    what: 'a changing action, and the directory of its run',
    args: applied,
    steps: times(1, changes),
    budget: { processes: 17, fsyncs: 5, roundTrips: 14, bytesToHost: 14_500, bytesFromHost: 3500 },
  },
  {
    what: 'six of them: for each further one its own process, one that writes how it has ended, and one fsync, and no round trip more than one',
    args: applied,
    steps: times(6, changes),
    budget: { processes: 29, fsyncs: 11, roundTrips: 14, bytesToHost: 20_000, bytesFromHost: 4000 },
  },
];

describe('what a run costs the host and the way there', () => {
  let host: CountedHost;
  beforeAll(async () => {
    host = await CountedHost.start();
    // The first one makes directories.
    await host.costOf(applied, [changes('first')]);
  });
  afterAll(() => host.stop());

  it.each(rows)('$what', inOrder, async ({ args, steps, budget }) => {
    const cost = await host.costOf(args, steps);
    expect(cost).toMatchObject({ processes: budget.processes, fsyncs: budget.fsyncs });
    for (const what of ['roundTrips', 'bytesToHost', 'bytesFromHost'] as const)
      expect(cost[what], what).toBeLessThanOrEqual(budget[what]);
  });
});
