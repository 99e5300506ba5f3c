import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { createFileStore } from '../../src/records/file-store.ts';
import { storeConformance } from './conformance.ts';

const never = new AbortController().signal;
const root = mkdtempSync(join(tmpdir(), 'plimsoll-records-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

storeConformance('a directory', () =>
  Promise.resolve({ one: createFileStore(join(root, 'store')), other: createFileStore(join(root, 'store')) }),
);

describe('records in files', () => {
  it('of processes at the same time exactly one wins', async () => {
    const directory = join(root, 'processes');
    const program = fileURLToPath(new URL('race-for-a-key.ts', import.meta.url));
    const racers = Array.from({ length: 3 }, async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', program, directory, '40'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let printed = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
      await once(child, 'close');
      return printed.trim().split('\n').map(Number);
    });
    const wins = (await Promise.all(racers)).flat().filter((key) => key > 0);
    expect(wins.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });

  it('leaves no half-written file behind, and reads past one that a crash has left', async () => {
    const directory = join(root, 'crash');
    const store = createFileStore(directory);
    await store.createIfAbsent('plimsoll/h/volume/v/00000001', { is: 1 }, never);
    const place = join(directory, 'plimsoll/h/volume/v/00000001');
    expect(readdirSync(place)).toEqual(['1.json']);
    writeFileSync(join(place, '.0011223344556677'), '{"is":');
    expect((await store.list('plimsoll/h/', never)).map(({ value }) => value)).toEqual([{ is: 1 }]);
    expect(await store.compareAndSwap('plimsoll/h/volume/v/00000001', '1', { is: 2 }, never)).toBe(true);
  });

  it('of all hosts reads what was asked for only: it names what is damaged of that', async () => {
    const directory = join(root, 'everywhere');
    const store = createFileStore(directory);
    for (const key of ['a/volume/data/1', 'b/volume/data/1', 'b/volume/other/1'])
      await store.createIfAbsent(`plimsoll/${key}`, { key }, never);
    writeFileSync(join(directory, 'plimsoll/b/volume/other/1/1.json'), '{"key');
    expect(await store.listEach('plimsoll/', '/volume/data/', never)).toHaveLength(2);
    writeFileSync(join(directory, 'plimsoll/b/volume/data/1/1.json'), '{"key');
    await expect(store.listEach('plimsoll/', '/volume/data/', never)).rejects.toMatchObject({
      code: 'records-unavailable',
      message: expect.stringContaining('plimsoll/b/volume/data/1/1.json is no JSON object'),
    });
  });

  it('names a file that is damaged, and a place that cannot be used', async () => {
    const directory = join(root, 'damaged');
    const store = createFileStore(directory);
    await store.createIfAbsent('plimsoll/h/volume/v/00000001', { is: 1 }, never);
    writeFileSync(join(directory, 'plimsoll/h/volume/v/00000001/2.json'), '{"is"');
    await expect(store.get('plimsoll/h/volume/v/00000001', never)).rejects.toMatchObject({
      code: 'records-unavailable',
      message: expect.stringContaining('2.json is no JSON object'),
    });
    writeFileSync(join(root, 'file'), '');
    const nowhere = createFileStore(join(root, 'file', 'store'));
    await expect(nowhere.check(never)).rejects.toMatchObject({
      code: 'records-unavailable',
      hint: expect.stringContaining('--records'),
    });
    await expect(nowhere.createIfAbsent('plimsoll/x', {}, never)).rejects.toMatchObject({
      code: 'records-unavailable',
    });
  });
});
