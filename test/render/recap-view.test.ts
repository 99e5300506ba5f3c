import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { paint } from '../../src/render/line.ts';
import { recapView } from '../../src/render/recap-view.ts';
import type { HostResult, RunResult } from '../../src/run/recap.ts';
import { hostNames } from './events.ts';

const owed = 'restart docker before the next stop of app-1';
const changed = (host: string): HostResult => ({ host, status: 'changed', applied: ['app-1: 10 GiB → 20 GiB'], owed: [owed], warnings: [] });
const rejected = (host: string): HostResult => ({
  host,
  status: 'unreachable',
  applied: [],
  owed: [],
  warnings: [],
  error: new AppError('auth-failed', `authentication failed for ops@10.0.0.${String(host.length)} (${host})`, { hint: `try ssh ${host}` }),
});
const broken = (host: string, size: string): HostResult => ({
  host,
  status: 'failed',
  step: 'Grow',
  applied: [],
  owed: [],
  warnings: [`${size} left in the pool`],
  error: new AppError('action-failed', `only ${size} left`, { hint: 'grow the pool' }),
});

const show = (hosts: readonly HostResult[], more: Partial<RunResult> = {}, options = { verbose: false, planShown: true }): string =>
  paint(recapView({ runId: 'r1', mode: 'apply', hosts, status: 'failed', pending: false, exitCode: 1, seconds: 185, ...more }, options), false);

describe('the recap', () => {
  it('says what is equal once', () => {
    const text = show([...hostNames(6).map(changed), rejected('web-007'), rejected('web-008'), rejected('db-1'), broken('db-2', '3 GiB'), broken('db-3', '4 GiB')]);
    expect(text).toMatchInlineSnapshot(`
      "Recap of apply r1
        changed     6 hosts: web-[001-006]
        failed      2 hosts: db-[2-3]
        unreachable 3 hosts: web-[007-008], db-1
      ! unreachable: 3 hosts: web-[007-008], db-1: authentication failed for ops@<address> (<host>)
          → try ssh <host>
      ! failed: db-2: at "Grow": only 3 GiB left
          → grow the pool
      ! failed: db-3: at "Grow": only 4 GiB left
          → grow the pool
      applied:
        web-[001-006]: app-1: 10 GiB → 20 GiB
      warnings:
        db-2: 3 GiB left in the pool
        db-3: 4 GiB left in the pool
      still owed:
        web-[001-006]: restart docker before the next stop of app-1
      11 hosts: 6 changed, 2 failed, 3 unreachable, in 3 min 5 s.
      "
    `);
  });

  it('is short for 300 hosts', () => {
    expect(show(hostNames(300).map((host, index) => (index % 7 === 0 ? rejected(host) : changed(host)))).split('\n').length).toBeLessThan(14);
  });

  it('names every host that something is owed on, however many sets that takes', () => {
    const names = Array.from({ length: 40 }, (_, index) => `${String.fromCharCode(97 + (index % 26))}${String.fromCharCode(97 + Math.floor(index / 26))}`);
    const text = show(names.map(changed));
    expect(text).toContain('and 28 more');
    expect(text).toContain(`  ${names.join(', ')}: ${owed}`);
  });

  it('keeps a single host’s exact words', () => {
    expect(show([rejected('web-1')])).toContain('! unreachable: web-1: authentication failed for ops@10.0.0.5 (web-1)\n    → try ssh web-1\n');
  });

  it('says little after a plan view, and everything without one', () => {
    const plan = { mode: 'plan', seconds: 1.25 } as const;
    expect(show([rejected('web-1')], plan)).toBe('Planned in 1.3 s. Nothing has been changed.\n');
    expect(show([rejected('web-1')], plan, { verbose: false, planShown: false })).toContain('authentication failed');
  });
});
