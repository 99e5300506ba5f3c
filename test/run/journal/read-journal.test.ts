import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../../src/run/journal/journal.ts';
import { openJournal } from '../../../src/run/journal/journal.ts';
import { readJournal, repairJournal } from '../../../src/run/journal/read-journal.ts';
import { begin, change, continued, effects, end, ended, intent, journalText, outcome } from '../records.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-read-'));
  path = join(directory, 'journal.jsonl');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const grow = change('app-1: 10 GiB → 20 GiB', ['grow', 'check'], {
  finalize: [{ kind: 'exec', argv: ['rm', '/old'] }],
});
const everything: readonly JournalRecord[] = [
  begin(['web-1', 'web-2']),
  ...effects(grow),
  outcome(intent(grow), undefined, 'two\nlines'),
  ended('failed', { step: 'Grow', error: { code: 'action-failed', message: 'no' }, owed: ['restart docker'] }),
  end('failed'),
  continued('rollback'),
  intent(change('b', [], { undo: 'irreversible' }), { actions: [] }),
];

const write = (text: string | Buffer): void => writeFileSync(path, text);
const good = journalText(everything);

describe('reading a journal', () => {
  it('gives back what was written, whatever the journal wrote it in', async () => {
    const journal = await openJournal(path);
    for (const record of everything) await journal.append(record);
    await journal.close();
    expect(await readJournal(path)).toEqual({ records: everything, tornBytes: 0 });
  });

  it('reads lines that are longer than what is read at once, and characters across its borders', async () => {
    const long = [
      begin(),
      ended('failed', { error: { code: 'action-failed', message: '→'.repeat(200_000) } }),
      end('failed'),
    ];
    write(journalText(long));
    expect((await readJournal(path)).records).toEqual(long);
  });

  it('tolerates the journal being cut off at any byte, and says how much of the last line is left', async () => {
    const bytes = Buffer.from(journalText([begin(), ended('ok', { owed: ['größer →'] }), end('ok')]));
    const first = bytes.indexOf(10) + 1;
    for (let length = first; length <= bytes.length; length += 1) {
      write(bytes.subarray(0, length));
      const whole = bytes.subarray(0, length).lastIndexOf(10) + 1;
      const { records, tornBytes } = await readJournal(path);
      expect({ length, records: records.length, tornBytes }).toEqual({
        length,
        records: bytes.subarray(0, whole).toString().split('\n').length - 1,
        tornBytes: length - whole,
      });
    }
  });

  it.each([
    ['zeros that a file system left', '\0\0\0\0'],
    ['a whole line that is no JSON', '{"type":"hos\n'],
    ['a whole record without its line feed: nobody was told that it is on the disk', JSON.stringify(ended('ok'))],
    ['an empty line', '\n'],
  ])('takes the last line for a torn one: %s', async (_, tail) => {
    write(good + tail);
    expect(await readJournal(path)).toEqual({ records: everything, tornBytes: Buffer.byteLength(tail) });
  });

  it.each([
    [
      'half a record in the middle',
      `${journalText([begin()])}{"type":"ho\n${journalText([end('ok')])}`,
      2,
      /not the last line/,
      /put back a copy/,
    ],
    [
      'bytes that are no UTF-8 in the middle',
      Buffer.concat([
        Buffer.from(journalText([begin()])),
        Buffer.from([0x22, 0xff, 0x22, 0x0a]),
        Buffer.from(journalText([end('ok')])),
      ]),
      2,
      /not the last line/,
      /./,
    ],
    ['no run record first', journalText([end('ok'), begin()]), 1, /begins with the record of its run/, /./],
    ['a second run record', journalText([begin(), begin()]), 2, /in the middle/, /./],
    [
      'a newer version',
      journalText([begin()]).replace('"version":1', '"version":2'),
      1,
      /newer plimsoll.*version 2.*up to 1/,
      /newer/,
    ],
    ['no version', journalText([begin()]).replace('"version":1,', ''), 1, /version/, /./],
    [
      'a type that is not known',
      `${good}{"type":"verdict","at":"now"}\n`,
      everything.length + 1,
      /"verdict", which this plimsoll does not know/,
      /newer/,
    ],
    ['no type', `${good}{"at":"now"}\n`, everything.length + 1, /no record that can be relied on/, /./],
    ['a list', `${good}[]\n`, everything.length + 1, /no record/, /./],
    [
      'a key that is not known',
      `${journalText([begin()])}${journalText([ended('ok')]).replace('"owed"', '"debt":1,"owed"')}`,
      2,
      /debt/,
      /./,
    ],
    [
      'a status that is not known',
      `${journalText([begin()])}${journalText([ended('ok')]).replace('"ok"', '"fine"')}`,
      2,
      /status/,
      /./,
    ],
    [
      'an error code that is not known',
      journalText([begin(), ended('failed', { error: { code: 'drift', message: '' } })]).replace(
        '"drift"',
        '"toString"',
      ),
      2,
      /code/,
      /./,
    ],
    [
      'an action that is not known',
      journalText([begin(), intent(grow)]).replace('"kind":"exec"', '"kind":"eval"'),
      2,
      /change/,
      /./,
    ],
    ['an escape sequence for a type', `${journalText([begin()])}{"type":"\\u001b[2J"}\n`, 2, /"\\x1b\[2J"/, /./],
    [
      'a value as deep as a stack',
      journalText([begin(), intent(grow, { want: 'deep' })]).replace('"deep"', '['.repeat(20_000) + ']'.repeat(20_000)),
      2,
      /want/,
      /./,
    ],
  ])('refuses %s, and says where', async (_, text, line, message, hint) => {
    write(text);
    await expect(readJournal(path)).rejects.toMatchObject({
      code: 'config',
      where: `${path}:${String(line)}`,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it.each([[''], ['{"type":"run","ver']])(
    'a run that was cut before its first record (%j) has done nothing',
    async (text) => {
      write(text);
      await expect(readJournal(path)).rejects.toMatchObject({
        code: 'config',
        message: expect.stringContaining('has changed nothing'),
      });
    },
  );

  it('a journal that is not there, or is a directory', async () => {
    await expect(readJournal(path)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('no such file'),
    });
    await expect(readJournal(directory)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('directory'),
    });
  });

  it('does not take a line without an end into memory', async () => {
    write(Buffer.concat([Buffer.from(journalText([begin()])), Buffer.alloc(65 * 1024 ** 2, 0x20)]));
    await expect(readJournal(path)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('64 MiB'),
    });
  });
});

describe('repairing a journal', () => {
  it('takes the torn line away, so that the next record stands on a line of its own', async () => {
    write(`${good}{"type":"outcome","at":"2026-`);
    expect(await repairJournal(path)).toBe(29);
    expect(readFileSync(path, 'utf8')).toBe(good);
    const journal = await openJournal(path);
    await journal.append(end('ok'));
    await journal.close();
    expect((await readJournal(path)).records).toEqual([...everything, end('ok')]);
  });

  it('leaves a whole one, and one that is damaged in the middle, as it is', async () => {
    write(good);
    const { mtimeMs } = statSync(path);
    expect(await repairJournal(path)).toBe(0);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    const damaged = `${journalText([begin()])}garbage\n${journalText([end('ok')])}{"ty`;
    write(damaged);
    await expect(repairJournal(path)).rejects.toMatchObject({ code: 'config' });
    expect(readFileSync(path, 'utf8')).toBe(damaged);
  });
});
