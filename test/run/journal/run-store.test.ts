import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRun, findRun, journalPath, listRuns, openRun, tryReadRun } from '../../../src/run/journal/run-store.ts';
import { begin, end, journalText } from '../records.ts';

const old = '20260101-000000-aaaaaa';
const middle = '20261120-181612-9f3a1c';
const young = '20261120-190000-000001';
const records = [begin(), end('ok')];

let root = '';
let state = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-store-'));
  state = join(root, 'plimsoll');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

async function made(...ids: readonly string[]): Promise<void> {
  for (const id of ids)
    writeFileSync(journalPath({ directory: await createRun(state, id, `plan of ${id}`) }), journalText(records));
}

describe('a new run', () => {
  it('has a directory of its own that nobody else may look into, with its plan and an empty journal', async () => {
    const directory = await createRun(state, middle, '{"plan":1}');
    expect(directory).toBe(join(state, 'runs', middle));
    expect(readdirSync(directory).sort()).toEqual(['journal.jsonl', 'plan.json']);
    expect(readFileSync(join(directory, 'plan.json'), 'utf8')).toBe('{"plan":1}');
    expect(readFileSync(journalPath({ directory }), 'utf8')).toBe('');
    const modes = [join(state, 'runs'), directory, join(directory, 'plan.json'), join(directory, 'journal.jsonl')].map(
      (path) => (statSync(path).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['700', '700', '600', '600']);
  });

  it('is on the disk, its files and their names, before it is there under its name', async () => {
    const probe = await open(join(root, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(probe) as Pick<FileHandle, 'sync'>;
    await probe.close();
    const { sync } = prototype;
    const seen: (readonly string[])[] = [];
    vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      await sync.apply(this);
      seen.push(readdirSync(join(state, 'runs')));
    });
    await createRun(state, middle, 'plan');
    // Plan, journal, their directory, and then the directory of all runs.
    expect(seen).toEqual([[`.${middle}`], [`.${middle}`], [`.${middle}`], [middle]]);
  });

  it('never takes the place of another one', async () => {
    await made(middle);
    await expect(createRun(state, middle, 'other')).rejects.toMatchObject({ code: 'usage' });
    expect(await openRun(state, middle)).toMatchObject({ planText: `plan of ${middle}`, records });
    expect(readdirSync(join(state, 'runs'))).toEqual([middle]);
  });

  it('says where it cannot be kept', async () => {
    writeFileSync(state, 'a file');
    await expect(createRun(state, middle, 'plan')).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(state),
      hint: expect.stringContaining('XDG_STATE_HOME'),
    });
  });
});

describe('finding a run', () => {
  it.each([
    [undefined, young],
    [middle, middle],
    ['2026112', undefined],
    ['20261120-18', middle],
    ['20260', old],
  ])('%s: %s', async (wanted, expected) => {
    await made(old, middle, young);
    if (expected === undefined)
      await expect(findRun(state, wanted)).rejects.toMatchObject({
        code: 'usage',
        message: `2 runs begin with ${wanted}`,
        hint: expect.stringContaining(`${young}, ${middle}`),
      });
    else expect(await findRun(state, wanted)).toEqual({ runId: expected, directory: join(state, 'runs', expected) });
  });

  it('by a whole id that another one begins with', async () => {
    await made(middle, `${middle}0`);
    expect(await findRun(state, middle)).toMatchObject({ runId: middle });
  });

  it.each([['nosuch'], [''], ['../runs'], ['.'], ['\x1b[2J']])(
    'there is no run %j: the newest ones are named',
    async (wanted) => {
      await made(...[1, 2, 3, 4, 5, 6].map((number) => `2026112${String(number)}-000000-aaaaaa`));
      const error = await findRun(state, wanted).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'usage',
        hint: expect.stringMatching(/^the newest of 6: 20261126-000000-aaaaaa, 20261125-.*20261122-000000-aaaaaa;/),
      });
      expect(String(error)).not.toContain('\x1b');
    },
  );

  it('there are none at all', async () => {
    await expect(findRun(state, undefined)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(state),
      hint: 'plimsoll apply makes one',
    });
    await expect(openRun(state, 'x')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('opening a run', () => {
  it('gives its plan and its journal, and says what is torn', async () => {
    await made(middle);
    writeFileSync(journalPath({ directory: join(state, 'runs', middle) }), `${journalText(records)}{"ty`);
    expect(await openRun(state, undefined)).toEqual({
      runId: middle,
      directory: join(state, 'runs', middle),
      planText: `plan of ${middle}`,
      records,
      tornBytes: 4,
    });
  });

  it('without its plan, or with a damaged journal, it is refused', async () => {
    await made(middle);
    rmSync(join(state, 'runs', middle, 'plan.json'));
    await expect(openRun(state, undefined)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(/plan\.json could not be read: there is no such file/),
    });
    await made(young);
    writeFileSync(journalPath({ directory: join(state, 'runs', young) }), 'x\ny\n');
    await expect(openRun(state, young)).rejects.toMatchObject({
      code: 'config',
      where: expect.stringMatching(/journal\.jsonl:1$/),
    });
  });
});

describe('listing runs', () => {
  it('the newest first, and nothing that is no run', async () => {
    expect(await listRuns(state)).toEqual([]);
    await made(middle, young, old);
    for (const other of [`.${middle}x`, 'notes', '20261120-181612']) mkdirSync(join(state, 'runs', other));
    expect((await listRuns(state)).map(({ runId }) => runId)).toEqual([young, middle, old]);
  });

  it('a damaged one says why', async () => {
    await made(old, young);
    rmSync(join(state, 'runs', old, 'journal.jsonl'));
    const read = await Promise.all((await listRuns(state)).map(tryReadRun));
    expect(read).toMatchObject([
      { runId: young, journal: { records } },
      { runId: old, error: { code: 'config', message: expect.stringContaining('no such file') } },
    ]);
  });

  it('of a directory that is none', async () => {
    mkdirSync(state);
    writeFileSync(join(state, 'runs'), '');
    await expect(listRuns(state)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('cannot be listed'),
    });
  });
});
