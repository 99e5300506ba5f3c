import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../../src/run/journal/journal.ts';
import type { RunPlace } from '../../../src/run/journal/run-store.ts';
import { createRun, journalPath } from '../../../src/run/journal/run-store.ts';
import { keptTotals, makeTotals, totalsAtEnd } from '../../../src/run/journal/run-totals.ts';
import { begin, change, effects, end, ended, intent, journalText, runId } from '../records.ts';

let state = '';
let place: RunPlace = { runId, directory: '' };
beforeEach(async () => {
  state = mkdtempSync(join(tmpdir(), 'plimsoll-totals-'));
  place = { runId, directory: await createRun(state, runId, '{}') };
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

const write = (...records: readonly JournalRecord[]): void => {
  writeFileSync(journalPath(place), journalText(records));
};
const mixed = [
  begin(['web-1', 'web-2', 'web-3']),
  ...effects(change('a', ['grow'], { finalize: [{ kind: 'exec', argv: ['rm'] }] })),
  ended('changed', { owed: ['restart'] }),
  ended('failed', { host: 'web-2', step: 'Grow', error: { code: 'action-failed', message: 'no' } }),
  intent(change('b'), { host: 'web-3' }),
];

describe('what a list says of a run', () => {
  it('is told by its journal: where this is another, `telling` is to be another too', async () => {
    write(...mixed);
    expect(await makeTotals(place)).toEqual({
      playbook: 'grow.yaml',
      at: '2026-11-20T18:16:12.000Z',
      by: 'ann@laptop',
      mode: 'apply',
      states: { done: 1, failed: 1, interrupted: 1 },
      cut: 1,
      owed: 1,
      next: ['resume'],
    });
    expect(JSON.parse(readFileSync(join(place.directory, 'totals.json'), 'utf8'))).toMatchObject({ v: 1 });
  });

  it('is kept for its owner only, and is the same once it has been kept', async () => {
    write(...mixed);
    expect(await keptTotals(place)).toBeUndefined();
    const made = await makeTotals(place);
    expect(await keptTotals(place)).toEqual(made);
    expect(statSync(join(place.directory, 'totals.json')).mode & 0o777).toBe(0o600);
  });

  it('is not what was kept once the journal has any other byte', async () => {
    write(...mixed);
    await makeTotals(place);
    const text = readFileSync(journalPath(place), 'utf8');
    writeFileSync(journalPath(place), text.replace('"failed"', '"locked"'));
    expect(await keptTotals(place)).toBeUndefined();
    writeFileSync(journalPath(place), text);
    expect(await keptTotals(place)).toBeDefined();
    appendFileSync(journalPath(place), '{"type":"en');
    expect(await keptTotals(place)).toBeUndefined();
    truncateSync(journalPath(place), 100);
    expect(await keptTotals(place)).toBeUndefined();
    await expect(makeTotals(place)).rejects.toMatchObject({ code: 'config' });
  });

  it.each(['', '{', '[]', '{"v":2,"sha256":"","totals":{}}', '{"v":1,"sha256":"","totals":{}}'])(
    'is computed again when %j is kept, and that is put right',
    async (text) => {
      write(...mixed);
      writeFileSync(join(place.directory, 'totals.json'), text);
      expect(await keptTotals(place)).toBeUndefined();
      const made = await makeTotals(place);
      expect(await keptTotals(place)).toEqual(made);
    },
  );

  it('is kept when the run ends, unless its journal is large; one that is damaged is in nobody’s way', async () => {
    write(...mixed, end('failed'));
    await totalsAtEnd(place);
    expect(await keptTotals(place)).toMatchObject({ status: 'failed' });
    const output = { status: 0, stdout: 'x'.repeat(5 * 1024 ** 2), stderr: '' };
    write(...mixed, { ...effects(change('c'))[1], output } as JournalRecord, end('changed'));
    await totalsAtEnd(place);
    expect(await keptTotals(place)).toBeUndefined();
    writeFileSync(journalPath(place), 'no\nno\n');
    await totalsAtEnd(place);
  });
});
