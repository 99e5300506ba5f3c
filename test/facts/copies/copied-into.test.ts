import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copiedInto } from '../../../src/facts/copies/copied-into.ts';
import { runScript } from '../real-shell.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'plimsoll-copied-'));
  for (const name of ['from "1"', 'to', 'state', 'state/copied', 'state/copies']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'from "1"', 'file'), 'x');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const from = (): string => join(root, 'from "1"');
const to = (): string => join(root, 'to');
const read = (): ReturnType<typeof copiedInto.parse> =>
  copiedInto.parse(runScript(copiedInto.script, [to()], { PLIMSOLL_STATE: join(root, 'state') }), [to()]);

/** As a pass leaves it; `ahead`: seconds between now and its end. */
function remember(where: 'copied' | 'copies', ahead: number, inode = String(statSync(to()).ino)): void {
  const file = join(root, 'state', where, '1-2');
  writeFileSync(
    file,
    `${JSON.stringify({ from: from(), to: to(), inode, born: 0, found: 'nothing', owner: '0:0', mode: '0755' })}\n`,
  );
  const at = Date.now() / 1000 + ahead;
  utimesSync(file, at, at);
}

describe('what a directory is a copy of', () => {
  it('is nothing, where no copy is remembered, or one of another directory at its place', () => {
    expect(read()).toBeNull();
    remember('copied', 60, '1');
    expect(read()).toBeNull();
    rmSync(to(), { recursive: true });
    expect(read()).toBeNull();
  });

  it('has not been changed since, or has, by whatever sets its times back', () => {
    remember('copied', 60);
    expect(read()).toEqual({ from: from(), complete: true, newer: 0, first: [] });
    remember('copied', -60);
    utimesSync(join(from(), 'file'), 1, 1);
    expect(read()).toMatchObject({ complete: true, first: ['file'] });
    expect(read()?.newer).toBeGreaterThan(0);
  });

  it('is not complete while it is being gone on with, and may have lost its source', () => {
    remember('copies', 60);
    expect(read()).toMatchObject({ complete: false });
    remember('copied', 60);
    expect(read()).toMatchObject({ complete: false });
    rmSync(join(root, 'state/copies/1-2'));
    rmSync(from(), { recursive: true });
    expect(read()).toEqual({ from: from(), complete: true, newer: -1, first: [] });
  });
});
