import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordNote } from '../../src/operations/engine/change.ts';
import { createFileStore } from '../../src/records/file-store.ts';
import { VersionRecords } from '../../src/records/records.ts';
import type { Claimant } from '../../src/run/journal/records.ts';

const never = new AbortController().signal;
const ann: Claimant = { run: 'run-a', who: 'ann@laptop', at: '2026-11-20T10:00:00.000Z' };
const bob: Claimant = { run: 'run-b', who: 'bob@desk', at: '2026-11-20T11:00:00.000Z' };
const note: RecordNote = {
  kind: 'volume',
  name: 'foo',
  spec: { name: 'foo-4', sizeBytes: 20 },
  before: { version: 3, spec: { name: 'foo-3', sizeBytes: 10 } },
};

let root: string;
let records: VersionRecords;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-records-'));
  records = new VersionRecords(createFileStore(root));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const states = async (): Promise<readonly string[]> =>
  (await records.history({ host: 'web-1', kind: 'volume', name: 'foo' }, never)).map(
    ({ version, state, run, spec }) => `${String(version)} ${state} ${run} ${String(Number(spec['sizeBytes']))}`,
  );

describe('what there was before the first version that is recorded', () => {
  it('is recorded with it, replaced by it, and current again when it is taken back', async () => {
    const claim = await records.claim('web-1', note, ann, never);
    expect(await states()).toEqual(['3 current  10', '4 pending run-a 20']);
    await records.settle('web-1', claim, 'current', ann, never);
    expect(await states()).toEqual(['3 replaced  10', '4 current run-a 20']);
    await records.settle('web-1', claim, 'undone', ann, never);
    expect(await states()).toEqual(['3 current  10', '4 undone run-a 20']);
  });

  it('is not recorded where there are versions already, nor twice by a claim that is made again', async () => {
    const claim = await records.claim('web-1', note, ann, never);
    expect(await records.claim('web-1', note, ann, never)).toEqual(claim);
    await records.settle('web-1', claim, 'current', ann, never);
    await records.claim('web-1', { ...note, before: { version: 0, spec: { sizeBytes: 1 } } }, bob, never);
    expect(await states()).toEqual(['3 replaced  10', '4 current run-a 20', '5 pending run-b 20']);
  });

  it('is still there when the version that followed was never made', async () => {
    const claim = await records.claim('web-1', note, ann, never);
    await records.settle('web-1', claim, 'abandoned', ann, never);
    expect(await states()).toEqual(['3 current  10', '4 abandoned run-a 20']);
    expect(await records.claim('web-1', note, bob, never)).toMatchObject({ version: 4 });
    expect(await states()).toEqual(['3 current  10', '4 pending run-b 20']);
  });
});
