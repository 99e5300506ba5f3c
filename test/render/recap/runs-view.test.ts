import { describe, expect, it } from 'vitest';
import { paint } from '../../../src/render/line.ts';
import { type DamagedRun, runsTable, runView } from '../../../src/render/recap/runs-view.ts';
import { historyOf } from '../../../src/run/journal/history.ts';
import type { JournalRecord } from '../../../src/run/journal/journal.ts';
import type { RunHolder } from '../../../src/run/journal/run-lock.ts';
import type { RunDetails, RunSummary } from '../../../src/run/journal/run-summary.ts';
import { detailsOf, summaryOf, totalsOf } from '../../../src/run/journal/run-summary.ts';
import { begin, change, continued, effects, end, ended, intent, runId } from '../../run/records.ts';
import { hostNames } from '../events.ts';

const place = { runId, directory: `/state/runs/${runId}` };
const grow = change('app-1: 10 GiB → 20 GiB');
const restart = change('restart docker', ['restart'], { undo: 'irreversible' });
const kept = change('swap the volume', ['swap'], { finalize: [{ kind: 'exec', argv: ['rm'] }] });

const details = (records: readonly JournalRecord[], running?: RunHolder): RunDetails =>
  detailsOf(place, historyOf(records), running);
const summary = (records: readonly JournalRecord[], running?: RunHolder): RunSummary =>
  summaryOf(place, totalsOf(historyOf(records)), running);
const show = (run: RunDetails, verbose = false): string => paint(runView(run, { verbose }), false);
const table = (...runs: readonly (RunSummary | DamagedRun)[]): string => paint(runsTable(runs), false);

const growOn = (host: string): readonly JournalRecord[] => [
  ...effects(grow, { host }),
  ended('changed', { host, owed: ['restart docker before the next stop of app-1'] }),
];
const failedOn = (host: string): readonly JournalRecord[] => [
  ...effects(grow, { host }),
  ...effects(restart, { host, step: '1.2', name: 'Restart' }, 'action-failed'),
  ended('failed', { host, step: 'Restart', error: { code: 'action-failed', message: `${host}: exit status 1` } }),
];
const names = hostNames(8);
const mixed = [
  begin([...names, 'db-1', 'db-2', 'db-3', 'db-4']),
  ...names.slice(0, 6).flatMap(growOn),
  ...names.slice(6).flatMap(failedOn),
  ended('unreachable', { host: 'db-1', error: { code: 'unreachable', message: 'no route to 10.0.0.1' } }),
  intent(grow, { host: 'db-2' }),
  ended('not-started', { host: 'db-3' }),
];

describe('one run', () => {
  it('says what is equal once', () => {
    expect(show(details([...mixed, end('failed'), continued('resume')]))).toMatchInlineSnapshot(`
      "Run 20261120-181612-9f3a1c of grow.yaml
        2026-11-20 18:16 UTC  apply by ann@laptop: failed
        2026-11-20 19:00 UTC  resume by bob@laptop: cut before its end
        kept in /state/runs/20261120-181612-9f3a1c
      hosts: 6 done, 2 failed, 1 unreachable, 1 interrupted, 2 not started
        done        6 hosts: web-[001-006]
        failed      2 hosts: web-[007-008]
        unreachable 1 host: db-1
        interrupted 1 host: db-2
        not started 2 hosts: db-[3-4]
      ! failed: 2 hosts: web-[007-008]: at "Restart": exit status 1
      ! unreachable: db-1: no route to 10.0.0.1
      ! interrupted: db-2: at "Grow": it was cut: the host is asked what became of it before anything else is done
      not known whether done:
        db-2: Grow: app-1: 10 GiB → 20 GiB
      can be rolled back:
        web-[001-008], db-2: Grow: app-1: 10 GiB → 20 GiB
      cannot be rolled back:
        web-[007-008]: Restart: restart docker
      still owed:
        web-[001-006]: restart docker before the next stop of app-1
      → plimsoll resume 20261120-181612-9f3a1c
      → plimsoll rollback 20261120-181612-9f3a1c takes back what can be rolled back
      "
    `);
  });

  it('is short for 300 hosts, and whole with -v', () => {
    const all = hostNames(300);
    const run = details([
      begin(all),
      ...all.flatMap((host, index) => (index % 7 === 0 ? failedOn(host) : growOn(host))),
      end('failed'),
    ]);
    expect(show(run).split('\n').length).toBeLessThan(22);
    expect(show(run)).not.toContain('$ ');
    expect(show(run, true)).toContain('Grow: app-1: 10 GiB → 20 GiB\n      $ undo grow\n');
  });

  it('of a host that is done nothing is unknown, and what has left nothing to be undone is not said', () => {
    const wait = change('wait for docker', ['wait'], { undo: [] });
    const text = show(
      details([begin(), intent(grow), intent(wait, { step: '1.2' }), continued('resume'), ended('ok'), end('ok')]),
    );
    expect(text).not.toContain('not known');
    expect(text).not.toContain('wait');
    expect(text).toContain('can be rolled back:\n  web-1: Grow: app-1');
  });

  it('while it is being worked on', () => {
    const text = show(details([begin(['web-1', 'web-2']), intent(grow)], { pid: 4711 }));
    expect(text).toContain('apply by ann@laptop: running (pid 4711)');
    expect(text).toContain('running     1 host: web-1');
    expect(text).toContain('not started 1 host: web-2');
    expect(text).not.toContain('→ plimsoll');
    expect(text).not.toContain('interrupted');
  });

  it('that was rolled back, but for what cannot be', () => {
    const text = show(
      details([
        begin(),
        ...effects(grow),
        ...effects(restart, { step: '1.2', name: 'Restart' }),
        ended('changed'),
        end('changed'),
        continued('rollback'),
        ended('changed'),
        end('changed'),
      ]),
    );
    expect(text).toContain('rolled back 1 host: web-1');
    expect(text).toContain('cannot be rolled back:\n  web-1: Restart: restart docker');
    expect(text).not.toContain('→ plimsoll');
  });

  it('does not obey what it was told by hosts and files', () => {
    const evil = '\x1b]0;x\x07\u202e\nRun ok';
    const text = show(
      details([
        begin([`web${evil}`], { playbook: evil, by: evil, at: evil }),
        ...effects(change(evil), { host: `web${evil}`, name: evil }),
        ended('failed', {
          host: `web${evil}`,
          step: evil,
          error: { code: 'action-failed', message: evil },
          owed: [evil],
        }),
      ]),
      true,
    );
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(text).not.toMatch(/^Run ok/m);
  });
});

describe('several runs', () => {
  const damaged: DamagedRun = {
    runId: '20260101-000000-aaaaaa',
    directory: '/state',
    error: {
      code: 'config',
      message: 'this is no record of a journal\x1b[2J',
      hint: '',
      where: '/state/journal.jsonl:3',
    },
  };

  it('are a table, the damaged ones among them', () => {
    const done = summaryOf(
      { ...place, runId: '20261119-000000-bbbbbb' },
      totalsOf(historyOf([begin(names), ...names.map((host) => ended('changed', { host })), end('changed')])),
      undefined,
    );
    expect(table(summary([...mixed, end('failed')]), done, damaged)).toMatchInlineSnapshot(`
      "RUN                     BEGAN (UTC)       LAST   PLAYBOOK   BY          HOSTS                                                          OWED  NEXT
      20261120-181612-9f3a1c  2026-11-20 18:16  apply  grow.yaml  ann@laptop  6 done, 2 failed, 1 unreachable, 1 interrupted, 2 not started  6     plimsoll resume 20261120-181612-9f3a1c
      20261119-000000-bbbbbb  2026-11-20 18:16  apply  grow.yaml  ann@laptop  8 done                                                         -     -
      20260101-000000-aaaaaa  cannot be read: /state/journal.jsonl:3: this is no record of a journal\\x1b[2J
      "
    `);
    expect(paint(runsTable([done], 12), false)).toContain('and 12 older: plimsoll runs --all');
  });

  it('a long or hostile name does not break it', () => {
    const text = table(summary([begin(['web-1'], { playbook: `${'很长'.repeat(40)}\n\x1b[2J`, by: '\u202eabc' })]));
    expect(text.split('\n')).toHaveLength(3);
    expect(text).not.toMatch(/[\x1b\u202e]/);
    expect(text).toContain('…');
  });

  it.each<[string, readonly JournalRecord[], readonly string[], RunHolder | undefined]>([
    ['what failed is resumed', [begin(), ended('failed'), end('failed')], ['resume'], undefined],
    ['what never began is resumed', [begin()], ['resume'], undefined],
    [
      'a rollback that was cut is gone on with',
      [
        begin(),
        ...effects(grow),
        ended('changed'),
        continued('rollback'),
        intent(change('undo'), { operation: 'undo', step: '0.1' }),
      ],
      ['rollback'],
      undefined,
    ],
    [
      'some are rolled back in part, others never done',
      [
        begin(['web-1', 'web-2']),
        ...effects(grow),
        ended('changed'),
        ended('failed', { host: 'web-2' }),
        continued('rollback'),
        ...effects(change('undo'), { operation: 'undo', step: '0.1' }, 'action-failed'),
        ended('failed'),
      ],
      ['rollback', 'resume'],
      undefined,
    ],
    [
      'what is kept for a rollback can be removed',
      [begin(), ...effects(kept), ended('changed'), end('changed')],
      ['finalize'],
      undefined,
    ],
    ['done', [begin(), ...effects(grow), ended('changed'), end('changed')], [], undefined],
    ['under way', [begin(), intent(grow)], [], {}],
  ])('what is next: %s', (_, records, next, running) => {
    expect(summary(records, running).next).toEqual(next.map((command) => `plimsoll ${command} ${runId}`));
  });
});
