import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { BackupVouchers } from '../../src/records/backup-vouchers.ts';
import { createFileStore } from '../../src/records/file-store.ts';
import { keyOfBackup } from '../../src/records/keys.ts';
import { VersionRecords } from '../../src/records/records.ts';
import type { Store } from '../../src/records/store.ts';
import { unavailable } from '../../src/records/store.ts';

const never = new AbortController().signal;
const root = mkdtempSync(join(tmpdir(), 'plimsoll-vouchers-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const name = 'app@web-1.20261128T140533Z';
const made = { name, statement: '{"sha256":"a"}' };
const replaced = { name, statement: '{"sha256":"b"}' };
const web = { host: 'web-1' };

/** A laptop, and the records that it uses. */
function laptop(at: string, store: Store = createFileStore(join(root, at, 'records'))): BackupVouchers {
  return new BackupVouchers({ store, keyFile: keyOf(at), who: `ann@${at}`, signal: never });
}
const keyOf = (at: string): string => join(root, at, 'seal.key');
const away = {
  place: 'etcd://gone:1',
  list: () => Promise.reject(unavailable('etcd://gone:1', 'nobody answers', { hint: 'start it' })),
  get: () => Promise.reject(unavailable('etcd://gone:1', 'nobody answers', { hint: 'start it' })),
} as unknown as Store;

describe('a backup is vouched for', () => {
  it('by the records, whatever lies beside it', async () => {
    const one = laptop('records');
    await one.vouch(made, web);
    expect(await one.judge(made, '')).toMatchObject({ kind: 'vouched', host: 'web-1', by: 'ann@records' });
    expect(await one.judge(replaced, '')).toMatchObject({
      kind: 'false',
      reason: expect.stringMatching(/^the records have another one of that name, made on web-1 by ann@records at 20/),
    });
  });

  it('by its seal, where the records are others or away', async () => {
    const { seal } = await laptop('sealed').vouch(made, web);
    for (const store of [createFileStore(join(root, 'elsewhere')), away]) {
      expect(await laptop('sealed', store).judge(made, seal)).toMatchObject({
        kind: 'vouched',
        host: 'web-1',
        by: 'ann@sealed',
      });
      expect(await laptop('sealed', store).judge(replaced, seal)).toMatchObject({
        kind: 'false',
        reason: expect.stringContaining('has been replaced'),
      });
      expect(await laptop('sealed', store).judge(made, seal.replace('web-1', 'web-2'))).toMatchObject({
        kind: 'false',
      });
      expect(await laptop('sealed', store).judge({ ...made, name: 'app@web-1.20261129T140533Z' }, seal)).toMatchObject({
        kind: 'false',
      });
    }
  });

  it('by nobody: no seal, one that is none, one of a key that is not here', async () => {
    const { seal } = await laptop('theirs').vouch(made, web);
    const other = laptop('other');
    await other.vouch({ ...made, name: 'another@web-1.20261128T140533Z' }, web);
    expect(await other.judge(made, '')).toMatchObject({
      kind: 'unvouched',
      reason: 'the records do not know it, and there is no seal beside it',
    });
    expect(await other.judge(made, 'x'.repeat(4096))).toMatchObject({
      kind: 'unvouched',
      reason: expect.stringContaining('its seal cannot be read'),
    });
    expect(await other.judge(made, seal)).toMatchObject({
      kind: 'unvouched',
      reason: expect.stringMatching(/a key that is not on this machine \([0-9a-f]{16}\)$/),
      remedy: expect.stringContaining('it says: ann@theirs'),
    });
    expect(await laptop('other', away).judge(made, '')).toMatchObject({
      kind: 'unvouched',
      reason: expect.stringContaining('the records in etcd://gone:1 cannot be used'),
    });
  });

  it('and is sealed all the same while the records are away, which is said', async () => {
    const { seal, warning } = await laptop('alone', away).vouch(made, web);
    expect(warning).toMatch(/^app@\S+ is sealed, but not in the records: the records in etcd:\/\/gone:1/);
    expect(await laptop('alone').judge(made, seal)).toMatchObject({ kind: 'vouched' });
  });

  it('also when it is made again, for another place, and for each of two hosts that call themselves the same', async () => {
    const one = laptop('again');
    await one.vouch(made, web);
    await one.vouch({ ...made, statement: '{"sha256":"c"}' }, { host: 'db-1' });
    expect(await one.judge(made, '')).toMatchObject({ kind: 'vouched', host: 'web-1' });
    expect(await one.judge({ ...made, statement: '{"sha256":"c"}' }, '')).toMatchObject({
      kind: 'vouched',
      host: 'db-1',
    });
    await one.vouch(replaced, web);
    expect(await one.judge(replaced, '')).toMatchObject({ kind: 'vouched', host: 'web-1' });
    expect(await one.judge(made, '')).toMatchObject({ kind: 'vouched', host: 'web-1' });
    expect(await one.judge({ ...made, statement: '{"sha256":"d"}' }, '')).toMatchObject({ kind: 'false' });
  });

  it('in a place where the versions of volumes are not listed', async () => {
    const store = createFileStore(join(root, 'beside'));
    await laptop('beside', store).vouch(made, web);
    expect(await new VersionRecords(store).all(undefined, never)).toEqual([]);
    expect(await store.get(keyOfBackup(name, 'web-1'), never)).toMatchObject({ value: { backup: name } });
  });
});

describe('the key', () => {
  it('is made once, for its owner alone, and is in nothing that is written elsewhere', async () => {
    const seals = await Promise.all(Array.from({ length: 8 }, () => laptop('made').vouch(made, web)));
    const text = readFileSync(keyOf('made'), 'utf8');
    const [, key = ''] = text.split('\n');
    expect([statSync(keyOf('made')).mode & 0o777, /^# .*\n[0-9a-f]{64}\n$/.test(text)]).toEqual([0o600, true]);
    for (const { seal } of seals) {
      expect(seal).not.toContain(key);
      expect(await laptop('made', away).judge(made, seal)).toMatchObject({ kind: 'vouched' });
    }
  });

  it('is rotated by a new one on the first line: what was sealed before is still known', async () => {
    const before = await laptop('rotated').vouch(made, web);
    writeFileSync(keyOf('rotated'), `${'0f'.repeat(32)}\n${readFileSync(keyOf('rotated'), 'utf8')}`);
    const after = await laptop('rotated').vouch(made, web);
    expect(JSON.parse(before.seal)).not.toMatchObject({
      key: (JSON.parse(after.seal) as { readonly key: string }).key,
    });
    for (const { seal } of [before, after])
      expect(await laptop('rotated', away).judge(made, seal)).toMatchObject({ kind: 'vouched' });
  });

  it.each([
    [
      'that others may read',
      () => {
        chmodSync(keyOf('read'), 0o640);
      },
      /others may have read it, or written it/,
    ],
    [
      'that is none',
      () => {
        writeFileSync(keyOf('none'), 'secret\n', { mode: 0o600 });
      },
      /a line in it is no key/,
    ],
  ] as const)('%s is refused, with what to do', async (what, spoil, message) => {
    const at = what === 'that is none' ? 'none' : 'read';
    const { seal } = await laptop(at).vouch(made, web);
    spoil();
    for (const ask of [() => laptop(at).vouch(made, web), () => laptop(at, away).judge(made, seal)])
      await expect(ask()).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringMatching(message),
        hint: expect.any(String),
      });
  });
});
