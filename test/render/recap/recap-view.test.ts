import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { paint } from '../../../src/render/line.ts';
import { recapView } from '../../../src/render/recap/recap-view.ts';
import type { HostResult, RunResult } from '../../../src/run/report/recap.ts';
import { hostNames } from '../events.ts';

const owed = 'restart docker before the next stop of app-1';
const changed = (host: string): HostResult => ({
  host,
  status: 'changed',
  applied: ['app-1: 10 GiB → 20 GiB'],
  undone: [],
  owed: [owed],
  warnings: [],
});
const rejected = (host: string): HostResult => ({
  host,
  status: 'unreachable',
  applied: [],
  undone: [],
  owed: [],
  warnings: [],
  error: new AppError('auth-failed', `authentication failed for ops@10.0.0.${String(host.length)} (${host})`, {
    hint: `try ssh ${host}`,
  }),
});
const broken = (host: string, size: string): HostResult => ({
  host,
  status: 'failed',
  step: 'Grow',
  applied: [],
  undone: [],
  owed: [],
  warnings: [`${size} left in the pool`],
  error: new AppError('action-failed', `only ${size} left`, { hint: 'grow the pool' }),
});

const show = (
  hosts: readonly HostResult[],
  more: Partial<RunResult> = {},
  options = { verbose: false, planShown: true },
): string =>
  paint(
    recapView(
      {
        runId: 'r1',
        mode: 'apply',
        hosts,
        status: 'failed',
        pending: false,
        exitCode: 1,
        seconds: 185,
        programs: { programs: 0, hosts: 0 },
        ...more,
      },
      options,
    ),
    false,
  );

describe('the recap', () => {
  it('says what is equal once', () => {
    const text = show([
      ...hostNames(6).map(changed),
      rejected('web-007'),
      rejected('web-008'),
      rejected('db-1'),
      broken('db-2', '3 GiB'),
      broken('db-3', '4 GiB'),
    ]);
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
    expect(
      show(hostNames(300).map((host, index) => (index % 7 === 0 ? rejected(host) : changed(host)))).split('\n').length,
    ).toBeLessThan(14);
  });

  it('names every host that something is owed on, however many sets that takes', () => {
    const names = Array.from(
      { length: 40 },
      (_, index) => `${String.fromCharCode(97 + (index % 26))}${String.fromCharCode(97 + Math.floor(index / 26))}`,
    );
    const text = show(names.map(changed));
    expect(text).toContain('and 28 more');
    expect(text).toContain(`  ${names.join(', ')}: ${owed}`);
  });

  it('keeps a single host’s exact words', () => {
    expect(show([rejected('web-1')])).toContain(
      '! unreachable: web-1: authentication failed for ops@10.0.0.5 (web-1)\n    → try ssh web-1\n',
    );
  });

  it('says little after a plan view, and everything without one', () => {
    const plan = { mode: 'plan', seconds: 1.25 } as const;
    expect(show([rejected('web-1')], plan)).toBe('Planned in 1.3 s. Nothing has been changed.\n');
    expect(show([rejected('web-1')], plan, { verbose: false, planShown: false })).toContain('authentication failed');
  });

  it('says how long containers stood still beside what was expected, of the same container on many hosts once', () => {
    const down = (container: string, seconds: number, ending: number): Required<HostResult>['downtimes'] => [
      { container, expected: 'about 1 s', seconds, ending },
    ];
    const text = show([
      { ...changed('web-1'), downtimes: [...down('app', 0.5, 0.1), ...down('db', 3, 2.5)] },
      { ...changed('web-2'), downtimes: down('app', 1.25, 0.1) },
      changed('web-3'),
    ]);
    expect(text).toContain(
      `downtime:
  web-[1-2]: app: 0.50–1.25 s, of which 0.10 s until it had ended; expected: about 1 s
  web-1: db: 3.00 s, of which 2.50 s until it had ended; expected: about 1 s
`,
    );
    expect(show([changed('web-3')])).not.toContain('downtime');
  });

  it('does not say that nothing has been changed where programs of the playbook have been run', () => {
    const plan = { mode: 'plan', seconds: 1, programs: { programs: 2, hosts: 3 } } as const;
    const words = '2 programs of the playbook have been run on 3 hosts; nothing else has been done.';
    expect(show([], plan)).toBe(`Planned in 1 s. ${words}\n`);
    expect(show([], plan, { verbose: false, planShown: false })).toContain(words);
    expect(show([], { ...plan, programs: { programs: 1, hosts: 1 } })).toContain(
      '1 program of the playbook has been run on 1 host;',
    );
  });
});

const left = (
  host: string,
  status: 'locked' | 'not-started' | 'interrupted',
  more: Partial<HostResult> = {},
): HostResult => ({ host, status, applied: [], undone: [], owed: [], warnings: [], ...more });
const journal = '/home/ops/.local/state/plimsoll/runs/r1';

describe('what is left', () => {
  const drift = new AppError(
    'drift',
    'the host is not as it was when the plan was approved: app-1: sizeBytes was 10, is 11; app-2: label was "a; b", is none',
    { hint: 'plan again' },
  );
  const hosts = [
    changed('web-1'),
    { ...broken('web-2', '3 GiB'), applied: ['app-0: 10 GiB → 20 GiB'], owed: ['unmount /mnt/x'] },
    left('web-3', 'interrupted', { step: 'Copy' }),
    ...['web-4', 'web-5'].map((host, index) =>
      left(host, 'locked', {
        error: new AppError(
          'locked',
          `another run has the host: run r0, by kim@desk since 2026-11-20T12:00:0${String(index)}Z: apply x.yaml`,
          { hint: 'wait for it' },
        ),
      }),
    ),
    ...['web-6', 'web-7'].map((host) =>
      left(host, 'not-started', {
        error: new AppError('not-started', 'its turn did not come', { hint: 'nothing was changed on it' }),
      }),
    ),
    { ...broken('web-8', ''), status: 'drifted' as const, error: drift, warnings: [] },
  ];

  it('is said host by host, with the step, and with the commands that go on from there', () => {
    expect(show(hosts, { journal })).toMatchInlineSnapshot(`
      "Recap of apply r1
        changed     1 host: web-1
        failed      1 host: web-2
        drifted     1 host: web-8
        locked      2 hosts: web-[4-5]
        interrupted 1 host: web-3
        not-started 2 hosts: web-[6-7]
      ! failed: web-2: at "Grow": only 3 GiB left
          → grow the pool
      ! interrupted: web-3: at "Copy"
      ! locked: 2 hosts: web-[4-5]: another run has the host: run r0, by kim@desk since <time>: apply x.yaml
          → wait for it
      ! not-started: 2 hosts: web-[6-7]: its turn did not come
          → nothing was changed on it
      ! drifted: web-8: at "Grow": the host is not as it was when the plan was approved:
          - app-1: sizeBytes was 10, is 11
          - app-2: label was "a; b", is none
          → plan again
      applied:
        web-1: app-1: 10 GiB → 20 GiB
        web-2: app-0: 10 GiB → 20 GiB
      warnings:
        web-2: 3 GiB left in the pool
      still owed:
        web-1: restart docker before the next stop of app-1
        web-2: unmount /mnt/x
      8 hosts: 1 changed, 1 failed, 1 drifted, 2 locked, 1 interrupted, 2 not-started, in 3 min 5 s.
      Recorded in /home/ops/.local/state/plimsoll/runs/r1
      To go on with the 7 hosts that are left: plimsoll resume r1
      To undo what has been applied: plimsoll rollback r1
      "
    `);
  });

  it('is named in a resumed run too, whose first part may have applied something', () => {
    const text = show([left('web-3', 'interrupted', { step: 'Copy' })], { mode: 'resume', journal });
    expect(text).toContain('Recap of resume of run r1\n');
    expect(text).toContain(
      'To go on with the 1 host that is left: plimsoll resume r1\nTo undo what has been applied: plimsoll rollback r1\n',
    );
  });

  it('offers no rollback where nothing was applied, and no command where there is no journal or nothing is left', () => {
    expect(show([rejected('web-1')], { journal })).toMatch(/^To go on with .*: plimsoll resume r1$/m);
    expect(show([rejected('web-1')], { journal })).not.toContain('rollback');
    expect(show(hosts)).not.toMatch(/plimsoll r|Recorded/);
    const done = show(
      [
        changed('web-1'),
        left('web-2', 'locked', {
          status: 'refused',
          error: new AppError('refused', 'the pool is full', { hint: 'grow the pool' }),
        }),
      ],
      { journal },
    );
    expect(done).not.toMatch(/plimsoll r/);
    expect(done).toContain(`Recorded in ${journal}\n`);
  });

  it('of a rollback are the hosts on which nothing could be undone', () => {
    const undone = (host: string): HostResult => ({
      ...changed(host),
      applied: [],
      undone: ['app-1: 10 GiB → 20 GiB', 'app-0: 10 GiB → 20 GiB'],
      owed: [],
      warnings: ['Note it: cannot be undone: /etc/motd'],
    });
    expect(
      show(
        [
          undone('web-1'),
          undone('web-2'),
          { ...broken('web-3', '3 GiB'), undone: ['app-1: 10 GiB → 20 GiB'], warnings: [] },
          { ...changed('web-4'), status: 'ok', applied: [], owed: [] },
        ],
        { mode: 'rollback', journal },
      ),
    ).toMatchInlineSnapshot(`
      "Recap of rollback of run r1
        undone      2 hosts: web-[1-2]
        ok          1 host: web-4
        failed      1 host: web-3
      ! failed: web-3: at "Grow": only 3 GiB left
          → grow the pool
      undone:
        web-[1-3]: app-1: 10 GiB → 20 GiB
        web-[1-2]: app-0: 10 GiB → 20 GiB
      warnings:
        web-[1-2]: Note it: cannot be undone: /etc/motd
      4 hosts: 2 undone, 1 ok, 1 failed, in 3 min 5 s.
      Recorded in /home/ops/.local/state/plimsoll/runs/r1
      To try the 1 host that is left again: plimsoll rollback r1
      "
    `);
  });

  it('of a finalize is said in its words', () => {
    const text = show([{ ...changed('web-1'), owed: [] }], { mode: 'finalize', status: 'changed', journal });
    expect(text).toContain('Recap of finalize of run r1\n  finalized   1 host: web-1\n');
    expect(text).toContain('1 host: 1 finalized, in 3 min 5 s.\n');
  });
});

it('keeps the exact words of hosts that say the same', () => {
  const same = ['web-1', 'web-2'].map((host) =>
    left(host, 'locked', {
      error: new AppError('locked', 'run r0 has it since 2026-11-20T12:00:00Z, from 10.0.0.9', { hint: '' }),
    }),
  );
  expect(show(same)).toContain(
    '! locked: 2 hosts: web-[1-2]: run r0 has it since 2026-11-20T12:00:00Z, from 10.0.0.9\n',
  );
});
