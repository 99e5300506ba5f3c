import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Volume } from '../../src/facts/volumes/volumes.ts';
import type { RecordNote } from '../../src/operations/engine/change.ts';
import { createFileStore } from '../../src/records/file-store.ts';
import { keyOf, prefixOf } from '../../src/records/keys.ts';
import { rebuilt } from '../../src/records/rebuild.ts';
import { VersionRecords } from '../../src/records/records.ts';
import type { Store } from '../../src/records/store.ts';
import type { Claimant } from '../../src/run/journal/records.ts';

const never = new AbortController().signal;
const ann: Claimant = { run: 'run-a', who: 'ann@laptop', at: '2026-11-20T10:00:00.000Z' };
const bob: Claimant = { run: 'run-b', who: 'bob@desk', at: '2026-11-20T11:00:00.000Z' };
const subject = { host: 'web-1', kind: 'container', name: 'app' } as const;
const note = (more: Partial<RecordNote> = {}): RecordNote => ({
  kind: 'container',
  name: 'app',
  spec: { image: 'app:1' },
  ...more,
});

let root: string;
let store: Store;
let records: VersionRecords;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-records-'));
  store = createFileStore(root);
  records = new VersionRecords(store);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const states = async (): Promise<readonly string[]> =>
  (await records.history(subject, never)).map(({ version, state, run }) => `${String(version)} ${state} ${run}`);

async function make(by: Claimant, more: Partial<RecordNote> = {}): Promise<number> {
  const claim = await records.claim('web-1', note(more), by, never);
  await records.settle('web-1', claim, 'current', by, never);
  return claim.version;
}

describe('the versions of a container', () => {
  it('is pending when claimed, current when made, and replaced by the next one', async () => {
    const claim = await records.claim('web-1', note({ replaces: 'c0ffee' }), ann, never);
    expect(await states()).toEqual(['1 pending run-a']);
    await records.settle('web-1', claim, 'current', ann, never);
    await make(bob);
    expect(await states()).toEqual(['1 replaced run-a', '2 current run-b']);
    expect(await records.history(subject, never)).toMatchObject([
      { v: 1, ...subject, spec: { image: 'app:1' }, replaces: 'c0ffee', who: 'ann@laptop', at: ann.at },
      { was: 1 },
    ]);
  });

  it('a second writer loses, is told who has it, and how to go on', async () => {
    await records.claim('web-1', note(), ann, never);
    await expect(records.claim('web-1', note(), bob, never)).rejects.toMatchObject({
      code: 'records-conflict',
      message: expect.stringContaining(
        'version 1 of container app on web-1 is being made already, and belongs to run run-a of ann@laptop',
      ),
      hint: expect.stringContaining('plimsoll resume run-a (or rollback)'),
    });
    expect(await states()).toEqual(['1 pending run-a']);
  });

  it('of two that claim at the same moment one has it, and the other is told so', async () => {
    const claims = await Promise.allSettled(
      [ann, bob].map((by) => new VersionRecords(createFileStore(root)).claim('web-1', note(), by, never)),
    );
    expect(claims.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(claims.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'records-conflict' } });
    expect(await records.history(subject, never)).toHaveLength(1);
  });

  it('whose first claim was not answered finds it again', async () => {
    const deaf: Store = {
      ...bound(store),
      createIfAbsent: async (...args) => {
        await store.createIfAbsent(...args);
        return false;
      },
      compareAndSwap: async (...args) => {
        await store.compareAndSwap(...args);
        return false;
      },
    };
    const claim = await new VersionRecords(deaf).claim('web-1', note(), ann, never);
    await new VersionRecords(deaf).settle('web-1', claim, 'current', ann, never);
    expect(await states()).toEqual(['1 current run-a']);
  });

  it('one that was given up is claimed again: by its own run, and by its number', async () => {
    const claim = await records.claim('web-1', note(), ann, never);
    await records.settle('web-1', claim, 'abandoned', ann, never);
    expect((await records.claim('web-1', note(), ann, never)).version).toBe(1);
    await records.settle('web-1', claim, 'abandoned', ann, never);
    expect((await records.claim('web-1', note(), bob, never)).version).toBe(1);
    expect(await states()).toEqual(['1 pending run-b']);
    await records.settle('web-1', claim, 'abandoned', bob, never);
    expect((await records.claim('web-1', note({ version: 1 }), ann, never)).version).toBe(1);
  });

  it('a number that somebody has made is taken, unless it is the same version', async () => {
    await make(ann, { version: 7 });
    await expect(
      records.claim('web-1', note({ version: 7, spec: { image: 'app:2' } }), bob, never),
    ).rejects.toMatchObject({ code: 'records-conflict', message: expect.stringContaining('is current already') });
    expect((await records.claim('web-1', note({ version: 7 }), bob, never)).version).toBe(7);
  });

  it('a number under which something else was recorded, or what is not there any more, is no obstacle', async () => {
    await make(ann, { spec: { name: 'data', method: 'in_place' } });
    expect(await make(bob, { version: 1, spec: { name: 'data-1' } })).toBe(1);
    await make(ann, { version: 2, spec: { name: 'data-2' } });
    expect(await states()).toEqual(['1 replaced run-b', '2 current run-a']);
    expect(await make(ann, { version: 1, spec: { name: 'data-1' } })).toBe(1);
  });

  it('undone: what it replaced is current again', async () => {
    await make(ann);
    const version = await make(bob);
    await records.settle('web-1', { kind: 'container', name: 'app', version }, 'undone', bob, never);
    await records.settle('web-1', { kind: 'container', name: 'app', version }, 'undone', bob, never);
    expect(await states()).toEqual(['1 current run-a', '2 undone run-b']);
    expect(await make(ann)).toBe(3);
  });

  it('settled when a later one is there already: it is replaced', async () => {
    const late = await records.claim('web-1', note({ version: 1 }), ann, never);
    await records.settle('web-1', late, 'abandoned', ann, never);
    await make(bob, { version: 2 });
    await records.settle('web-1', late, 'current', ann, never);
    expect(await states()).toEqual(['1 replaced run-a', '2 current run-b']);
  });

  it('another run’s cannot be settled', async () => {
    const claim = await records.claim('web-1', note(), ann, never);
    await expect(records.settle('web-1', claim, 'current', bob, never)).rejects.toMatchObject({
      code: 'records-conflict',
    });
    await expect(records.settle('web-1', { ...claim, version: 9 }, 'current', ann, never)).rejects.toMatchObject({
      code: 'records-conflict',
      hint: expect.stringContaining('rebuild'),
    });
  });

  it('gives up what a run has claimed and nobody knows of', async () => {
    await records.claim('web-1', note(), ann, never);
    await records.claim('web-2', note(), bob, never);
    expect(await records.abandon('run-a', undefined, () => true, never)).toEqual([]);
    expect(await records.abandon('run-a', undefined, () => false, never)).toMatchObject([
      { host: 'web-1', version: 1 },
    ]);
    expect(await states()).toEqual(['1 abandoned run-a']);
    expect((await records.all('web-2', never)).map(({ state }) => state)).toEqual(['pending']);
  });

  it('refuses a record that a newer plimsoll wrote', async () => {
    await store.createIfAbsent(keyOf(subject, 1), { v: 2 }, never);
    await expect(records.claim('web-1', note(), ann, never)).rejects.toMatchObject({
      code: 'records-unavailable',
      hint: expect.stringContaining('newer'),
    });
  });

  it('hostile names are one segment each, and are read back as they are', async () => {
    for (const name of ['../../etc', '..', '.', 'a/b', 'ä ☃', '%2E']) {
      const odd = { host: name, kind: 'volume', name } as const;
      expect(prefixOf(odd).split('/')).toHaveLength(5);
      await records.claim(name, { kind: 'volume', name, spec: {} }, ann, never);
      expect((await records.history(odd, never)).map((found) => [found.host, found.name])).toEqual([[name, name]]);
    }
    expect(await records.all(undefined, never)).toHaveLength(6);
  });
});

/** The methods of a class are not among its own properties. */
function bound(of: Store): Store {
  return {
    place: of.place,
    check: (...args) => of.check(...args),
    get: (...args) => of.get(...args),
    list: (...args) => of.list(...args),
    listEach: (...args) => of.listEach(...args),
    createIfAbsent: (...args) => of.createIfAbsent(...args),
    compareAndSwap: (...args) => of.compareAndSwap(...args),
  };
}

describe('records rebuilt from the labels of volumes', () => {
  const volume = (name: string, version?: number, replaces?: string): Volume => ({
    name,
    driver: 'local',
    mountpoint: `/var/lib/docker/volumes/${name}/_data`,
    labels:
      version === undefined
        ? {}
        : {
            'plimsoll.volume': 'data',
            'plimsoll.version': String(version),
            ...(replaces === undefined ? {} : { 'plimsoll.replaces': replaces }),
          },
    options: { size: '1048576' },
    scope: 'local',
    createdAt: '2026-11-01T00:00:00Z',
  });

  it('of a host that nothing is recorded of: each version, the newest of them current', () => {
    expect(
      rebuilt('web-1', [volume('data-2', 2, 'data-1'), volume('other'), volume('data-1', 1, 'data')], [], 'ann@laptop'),
    ).toMatchObject([
      {
        name: 'data',
        version: 2,
        state: 'current',
        run: '',
        replaces: 'data-1',
        spec: { name: 'data-2', sizeBytes: 1048576 },
      },
      { name: 'data', version: 1, state: 'replaced' },
    ]);
  });

  it('changes nothing where they agree; puts right what is gone and what is there again', async () => {
    const volumes = [volume('data-1', 1), volume('data-2', 2)];
    for (const version of rebuilt('web-1', volumes, [], 'ann@laptop')) await records.write(version, never);
    const recorded = await records.all('web-1', never);
    expect(rebuilt('web-1', volumes, recorded, 'ann@laptop')).toEqual([]);
    expect(rebuilt('web-1', [volume('data-1', 1)], recorded, 'ann@laptop')).toMatchObject([
      { version: 1, state: 'current' },
      { version: 2, state: 'replaced' },
    ]);
    for (const version of rebuilt('web-1', [volume('data-1', 1)], recorded, 'ann@laptop'))
      await records.write(version, never);
    expect((await records.all('web-1', never)).map(({ state }) => state)).toEqual(['current', 'replaced']);
  });

  it('keeps what was changed in place, which has no label, and what a run is about to make', async () => {
    const inPlace = { kind: 'volume', name: 'data', version: 3, spec: { name: 'data-2', sizeBytes: 5 } } as const;
    await records.settle('web-1', await records.claim('web-1', inPlace, ann, never), 'current', ann, never);
    await records.claim('web-1', { kind: 'volume', name: 'data', version: 4, spec: { name: 'data-4' } }, bob, never);
    const recorded = await records.all('web-1', never);
    expect(rebuilt('web-1', [volume('data-2', 2)], recorded, 'ann@laptop')).toMatchObject([
      { version: 2, state: 'replaced' },
    ]);
  });
});
