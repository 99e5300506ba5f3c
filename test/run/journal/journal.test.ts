import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JournalRecord } from '../../../src/run/journal/journal.ts';
import { openJournal } from '../../../src/run/journal/journal.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-journal-'));
  path = join(directory, 'journal.jsonl');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

const record = (host: string, owed: readonly string[] = []): JournalRecord => ({
  type: 'host',
  at: '2026-01-01T00:00:00Z',
  host,
  status: 'ok',
  owed,
});
const hosts = (): readonly string[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
    .map((value) => (typeof value === 'object' && value !== null && 'host' in value ? String(value.host) : ''));

/** Every file handle's methods, to see in which order a journal uses them, or to make them fail. */
async function handlePrototype(): Promise<Pick<FileHandle, 'appendFile' | 'datasync'>> {
  const handle = await open(join(directory, 'other'), 'w');
  await handle.close();
  return Object.getPrototypeOf(handle) as FileHandle;
}

describe('a journal', () => {
  it('holds each record as one line of JSON, on the disk by the time that append resolves', async () => {
    const journal = await openJournal(path);
    await journal.append(record('web-1', ['two\nlines']));
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(record('web-1', ['two\nlines']))}\n`);
    await journal.append(record('web-2'));
    expect(hosts()).toEqual(['web-1', 'web-2']);
    await journal.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is fsynced before append resolves', async () => {
    const prototype = await handlePrototype();
    const order: string[] = [];
    const { appendFile, datasync } = prototype;
    vi.spyOn(prototype, 'appendFile').mockImplementation(async function (this: FileHandle, ...args) {
      await appendFile.apply(this, args);
      order.push('written');
    });
    vi.spyOn(prototype, 'datasync').mockImplementation(async function (this: FileHandle) {
      await datasync.apply(this);
      order.push('synced');
    });
    const journal = await openJournal(path);
    await journal.append(record('a')).then(() => order.push('resolved'));
    await journal.close();
    expect(order).toEqual(['written', 'synced', 'resolved']);
  });

  it('keeps the order of records that arrive at once, and shares fsyncs between them', async () => {
    const prototype = await handlePrototype();
    const synced = vi.spyOn(prototype, 'datasync');
    const journal = await openJournal(path);
    const names = Array.from({ length: 300 }, (_, number) => `host-${String(number)}`);
    const resolved: string[] = [];
    await Promise.all(names.map((name) => journal.append(record(name)).then(() => resolved.push(name))));
    expect(hosts()).toEqual(names);
    expect(resolved).toEqual(names);
    expect(synced.mock.calls.length).toBeLessThanOrEqual(3);
    await journal.close();
  });

  it('keeps the order of each of many writers that wait for their records', async () => {
    const journal = await openJournal(path);
    const writers = Array.from({ length: 20 }, (_, number) => String(number));
    await Promise.all(
      writers.map(async (writer) => {
        for (let number = 0; number < 10; number += 1) await journal.append(record(`${writer}.${String(number)}`));
      }),
    );
    for (const writer of writers)
      expect(hosts().filter((name) => name.startsWith(`${writer}.`))).toEqual(
        Array.from({ length: 10 }, (_, number) => `${writer}.${String(number)}`),
      );
    await journal.close();
  });

  it('goes on where an earlier one of that name has ended', async () => {
    for (const name of ['a', 'b']) {
      const journal = await openJournal(path);
      await journal.append(record(name));
      await journal.close();
    }
    expect(hosts()).toEqual(['a', 'b']);
  });

  it('writes what is under way before it is closed', async () => {
    const journal = await openJournal(path);
    const pending = [journal.append(record('a')), journal.append(record('b'))];
    await journal.close();
    await Promise.all(pending);
    expect(hosts()).toEqual(['a', 'b']);
  });

  it('takes nothing more after a write that failed: half a line can only be the last one', async () => {
    const prototype = await handlePrototype();
    const { appendFile } = prototype;
    const journal = await openJournal(path);
    await journal.append(record('a'));
    vi.spyOn(prototype, 'appendFile').mockImplementationOnce(async function (this: FileHandle, text, ...rest) {
      await appendFile.call(this, String(text).slice(0, 20), ...rest);
      throw new Error('ENOSPC: no space left on device');
    });
    await expect(journal.append(record('b'))).rejects.toMatchObject({
      code: 'action-failed',
      message: expect.stringContaining('ENOSPC'),
      hint: expect.stringContaining('room'),
    });
    await expect(journal.append(record('c'))).rejects.toMatchObject({ code: 'action-failed' });
    await journal.close();
    const [first = '', ...rest] = readFileSync(path, 'utf8').split('\n');
    expect(JSON.parse(first)).toEqual(record('a'));
    expect(rest).toEqual([JSON.stringify(record('b')).slice(0, 20)]);
  });
});
