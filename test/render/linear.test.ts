import { describe, expect, it } from 'vitest';
import type { HostResult } from '../../src/run/report/recap.ts';
import { LiveRenderer } from '../../src/render/progress/live.ts';
import { PlainRenderer } from '../../src/render/progress/plain.ts';
import { planView } from '../../src/render/plan/plan-view.ts';
import { recapView } from '../../src/render/recap/recap-view.ts';
import { columnWidths, inColumns } from '../../src/render/table.ts';
import type { RunEvent } from '../../src/run/report/event.ts';
import { elementsIn } from '../support/counted.ts';
import { hostNames, stamped, syntheticRun } from './events.ts';
import { growing, unreachable } from './fleet-of-plans.ts';

const views: Readonly<Record<string, (hosts: readonly string[]) => () => unknown>> = {
  preview: (hosts) => {
    const plan = {
      playbook: 'p',
      hosts: hosts.map((host, index) => (index % 5 === 0 ? unreachable(host) : growing(host, `dm-${host}`, '7'))),
    };
    return () => planView(plan, { verbose: false });
  },
  recap: (names) => {
    const hosts = names.map((host): HostResult => ({
      host,
      status: 'changed',
      applied: ['a', 'b'],
      undone: [],
      owed: ['restart'],
      warnings: [],
    }));
    const of = { runId: 'r', mode: 'apply', status: 'changed', pending: false, exitCode: 0, seconds: 1 } as const;
    const programs = { programs: 0, hosts: 0 };
    return () => recapView({ ...of, hosts, programs }, { verbose: false, planShown: true });
  },
  'plain lines of hosts that wait': (hosts) => {
    const events = stamped([
      { type: 'run.started', runId: 'r', mode: 'apply', playbook: 'p', hosts },
      ...hosts.map((host): RunEvent => ({ type: 'host.waiting', host, reason: `somebody has ${host}` })),
    ]);
    const screen = { write: () => undefined, isTerminal: false, columns: 80, rows: 24, colour: false };
    const renderer = new PlainRenderer(screen, { verbose: false });
    return () => {
      for (const event of events) renderer.event(event);
    };
  },
};

describe('what is shown of many hosts', () => {
  it.each(Object.entries(views))('%s: ten times as many are ten times the work', (_name, make) => {
    const [few, many] = [50, 500].map((hosts) => elementsIn(make(hostNames(hosts))));
    expect(few).toBeGreaterThan(50);
    expect(many).toBeLessThanOrEqual(11 * (few ?? 0));
  });

  it('is written once for each event as plain lines, and by the window not even once', () => {
    const writes = { plain: 0, live: 0 };
    const screen = (kind: 'plain' | 'live') => ({
      write: () => (writes[kind] += 1),
      isTerminal: true,
      columns: 80,
      rows: 24,
      colour: true,
    });
    const events = syntheticRun(hostNames(100), () => 'block\n');
    const [plain, live] = [
      new PlainRenderer(screen('plain'), { verbose: false }),
      new LiveRenderer(screen('live'), { verbose: false }),
    ];
    for (const event of events) {
      plain.event(event);
      live.event(event);
    }
    expect(writes.plain).toBeLessThanOrEqual(events.length);
    // The first frame, and what ends the window: all other frames wait for their time.
    expect(writes.live).toBeLessThanOrEqual(2);
    plain.close();
    live.close();
  });

  it('may be a table of more rows than a function takes arguments', () => {
    const rows = Array.from({ length: 200_000 }, (_, row) => ['a', String(row)]);
    const widths = columnWidths(['HEAD', 'ROW'], rows);
    expect(widths).toEqual([4, 6]);
    expect(inColumns(rows[7] ?? [], widths)).toBe('a     7');
  });
});
