import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { reportError } from '../../../src/cli/report-error.ts';
import { runsCommand } from '../../../src/cli/commands/runs.ts';
import type { World } from '../../../src/cli/world.ts';
import { toAppError } from '../../../src/errors.ts';
import type { JournalRecord } from '../../../src/run/journal/journal.ts';
import { exitCodeOfError } from '../../../src/run/report/exit-status.ts';
import { holdRun } from '../../../src/run/journal/run-lock.ts';
import { createRun, journalPath } from '../../../src/run/journal/run-store.ts';
import { laptop } from '../../config/io.ts';
import { begin, change, effects, end, ended, intent, journalText } from '../../run/records.ts';
import { keptScreens } from '../../support/kept-screens.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'plimsoll-runs-'));
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

const older = '20260101-000000-aaaaaa';
const newer = `20261120-181612-${process.pid.toString(16)}`;
const failed = [
  begin(['web-1', 'web-2'], { runId: newer }),
  ...effects(change('a')),
  ended('changed', { owed: ['restart'] }),
  ended('failed', { host: 'web-2', step: 'Grow', error: { code: 'action-failed', message: 'no' } }),
  end('failed'),
];
const done = [begin(['web-1'], { runId: older }), ended('ok'), end('ok')];

async function make(runId: string, records: readonly JournalRecord[], tail = ''): Promise<void> {
  writeFileSync(journalPath({ directory: await createRun(state, runId, '{}') }), journalText(records) + tail);
}

async function runs(
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const { text, screen } = keptScreens();
  let code = -1;
  const world: World = {
    io: laptop({}),
    out: screen('out'),
    err: screen('err'),
    interrupts: new Interrupts(),
    agentSocket: undefined,
    stateDirectory: state,
    who: 'ann@laptop',
    interactive: false,
    ask: () => Promise.reject(new Error('nobody is asked')),
  };
  try {
    await runsCommand(world, (status) => {
      code = status;
    })
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parseAsync(argv, { from: 'user' });
    return { code, ...text };
  } catch (thrown) {
    const error = toAppError(thrown);
    reportError(world, error, false);
    return { code: exitCodeOfError(error.code), ...text };
  }
}

describe('plimsoll runs', () => {
  it('without any run', async () => {
    expect(await runs()).toEqual({ code: 0, out: `There are no runs in ${state}/runs.\n`, err: '' });
    expect(JSON.parse((await runs('--json')).out)).toEqual({ v: 1, runs: [] });
    expect(await runs('x')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('there is no run in') });
  });

  it('lists them with the newest first, and what to do next', async () => {
    await make(older, done);
    await make(newer, failed);
    const { code, out, err } = await runs();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [head, first, second, ...rest] = out.trimEnd().split('\n');
    expect(head).toMatch(/^RUN .* NEXT$/);
    expect(first).toMatch(new RegExp(`^${newer} .*1 done, 1 failed .* plimsoll resume ${newer}$`));
    expect(second).toMatch(new RegExp(`^${older} .*1 done .* -$`));
    expect(rest).toEqual([]);
  });

  it('lists the newest 20, or all', async () => {
    for (let number = 10; number < 32; number += 1) await make(`202601${String(number)}-000000-aaaaaa`, done);
    const { out } = await runs();
    expect(out.trimEnd().split('\n')).toHaveLength(22);
    expect(out).toContain('20260131');
    expect(out).toContain('and 2 older: plimsoll runs --all');
    expect((await runs('--all')).out).toContain('20260110');
    expect(JSON.parse((await runs('--output', 'json')).out)).toMatchObject({ runs: { length: 22 } });
  });

  it('a damaged one, one that was cut at once and a torn one do not hide the others', async () => {
    await make(older, done, 'garbage\n{}\n');
    await make('20260202-000000-bbbbbb', []);
    await make(newer, failed, '{"type":"inte');
    const { code, out } = await runs();
    expect(code).toBe(0);
    expect(out).toMatch(/^20260202-000000-bbbbbb {2}cannot be read: .*has changed nothing$/m);
    expect(out).toMatch(new RegExp(`^${older} {2}cannot be read: .*journal\\.jsonl:4: `, 'm'));
    expect(out).toContain(`plimsoll resume ${newer}`);
    expect(JSON.parse((await runs('--json')).out)).toMatchObject({
      v: 1,
      runs: [
        { runId: newer, states: { done: 1, failed: 1 } },
        { error: { code: 'config' } },
        { error: { code: 'config', where: expect.stringMatching(/:4$/) } },
      ],
    });
    expect(await runs(older)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/journal\.jsonl:4: this is no record.*\n.*→ .*put back a copy/),
    });
  });
});

describe('plimsoll runs RUN', () => {
  it('shows its hosts, what is owed, and where it is kept', async () => {
    await make(newer, failed);
    const { code, out } = await runs('20261120');
    expect(code).toBe(0);
    expect(out).toContain('! failed: web-2: at "Grow": no');
    expect(out).toContain('still owed:\n  web-1: restart\n');
    expect(out).toContain(`kept in ${join(state, 'runs', newer)}`);
  });

  it('as one JSON object', async () => {
    await make(newer, failed);
    const { out } = await runs(newer, '--json');
    expect(JSON.parse(out)).toMatchObject({
      v: 1,
      runId: newer,
      directory: join(state, 'runs', newer),
      playbook: 'grow.yaml',
      at: '2026-11-20T18:16:12.000Z',
      by: 'ann@laptop',
      mode: 'apply',
      status: 'failed',
      states: { done: 1, failed: 1 },
      owed: 1,
      next: [`plimsoll resume ${newer}`],
      parts: [{ mode: 'apply', status: 'failed' }],
      hosts: [
        {
          host: 'web-1',
          state: 'done',
          owed: ['restart'],
          changes: [
            {
              step: '1.1',
              name: 'Grow',
              operation: 'grow_rootfs',
              summary: 'a',
              outcome: 'done',
              rollback: 'possible',
              finalized: false,
              undo: ['undo grow'],
            },
          ],
        },
        { host: 'web-2', state: 'failed', step: 'Grow', error: { code: 'action-failed', message: 'no' }, changes: [] },
      ],
    });
  });

  it('while a process of this machine is working on it', async () => {
    await make(newer, [begin(['web-1'], { runId: newer }), intent(change('a'))]);
    expect((await runs(newer)).out).toContain(`interrupted`);
    const held = await holdRun(state, newer);
    try {
      expect((await runs(newer)).out).toContain(`apply by ann@laptop: running (pid ${String(process.pid)})`);
      expect(JSON.parse((await runs('--json')).out)).toMatchObject({
        runs: [{ running: { pid: process.pid }, states: { running: 1 }, next: [] }],
      });
    } finally {
      await held.release();
    }
  });

  it('of a journal that is as it was reads its totals only, and of any other the journal', async () => {
    await make(newer, failed);
    const list = async (): Promise<unknown> => JSON.parse((await runs('--json')).out);
    const first = await list();
    const totals = join(state, 'runs', newer, 'totals.json');
    const kept = readFileSync(totals, 'utf8');
    writeFileSync(totals, kept.replace('grow.yaml', 'kept.yaml'));
    expect(await list()).toMatchObject({ runs: [{ playbook: 'kept.yaml' }] });
    appendFileSync(join(state, 'runs', newer, 'journal.jsonl'), '{"type"');
    expect(await list()).toEqual(first);
    appendFileSync(join(state, 'runs', newer, 'journal.jsonl'), '\n{}\n');
    expect(await list()).toMatchObject({ runs: [{ error: { code: 'config' } }] });
  });

  it.each([['nosuch'], ['../../etc']])('there is no run %s: those that there are are named', async (wanted) => {
    await make(newer, failed);
    expect(await runs(wanted)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(newer) });
  });
});
