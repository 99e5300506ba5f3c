import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CopiedRecord } from '../../../src/facts/copies/copied-record.ts';
import { copiedRecord } from '../../../src/facts/copies/copied-record.ts';
import type { Entered } from '../../../src/facts/host/entered-directory.ts';
import {
  finalPass,
  forgetCopies,
  holdsOnlyCopy,
  livePass,
  unchangedSinceCopy,
} from '../../../src/operations/copies/copy-passes.ts';
import { copySource } from '../../../src/facts/copies/copy-source.ts';
import { realPath } from '../../../src/facts/host/real-path.ts';
import { stoppedForCopies, stoppedText } from '../../../src/facts/copies/stopped-for-copy.ts';
import { asEntered, readHere, runScript } from '../real-shell.ts';
import { treeState } from '../../../src/facts/copies/sending-host.ts';

const rsync = { kind: 'rsync', nanoseconds: true } as const;

describe('copied-record', () => {
  let base = '';
  // With what has a meaning in JSON, in shell patterns and in regular expressions.
  const at = (name: string): string => join(base, `a "b" \\ [c] * ${name}`);
  const found = (name: string): Entered => asEntered(at(name));
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'plimsoll-copied-'));
    for (const name of ['from', 'to']) mkdirSync(at(name));
    writeFileSync(join(at('from'), 'x'), 'x');
  });
  afterEach(() => {
    rmSync(base, { recursive: true });
  });
  const environment = (): Record<string, string> => ({ PLIMSOLL_STATE: join(base, 'state') });
  const run = (body: string): { readonly status: number; readonly said: string } => {
    const { status, stdout, stderr } = runScript(`pass() {\n${body}\n}\npass`, [], environment());
    return { status, said: `${stdout}${stderr}` };
  };
  const copy = (options = {}): { readonly status: number; readonly said: string } =>
    run(finalPass(rsync, found('from'), found('to'), options));
  const live = (): number[] =>
    livePass(rsync, found('from'), found('to'), {}).map((action) =>
      action.kind === 'exec' ? runScript(action.stdin ?? '', action.argv.slice(3), environment()).status : -1,
    );
  const record = (): CopiedRecord | null =>
    copiedRecord.parse(runScript(copiedRecord.script, [at('from'), at('to')], environment()), [at('from'), at('to')]);

  it(
    'knows how a final pass has left its destination, until that is touched or forgotten',
    { tags: ['lab:rsync'] },
    () => {
      expect(record()).toBeNull();
      expect(copy()).toEqual({ status: 0, said: '' });
      expect(record()).toMatchObject({ unchanged: true });
      expect(run(unchangedSinceCopy(found('from'), found('to')))).toEqual({ status: 0, said: '' });
      // Of the same size and time as before.
      writeFileSync(join(at('to'), 'x'), 'y');
      utimesSync(join(at('to'), 'x'), new Date(0), new Date(0));
      expect(record()).toMatchObject({ unchanged: false });
      expect(run(unchangedSinceCopy(found('from'), found('to')))).toMatchObject({
        status: 9,
        said: expect.stringContaining('something has written to it since'),
      });
      expect(run(holdsOnlyCopy(found('from'), found('to')))).toMatchObject({ status: 9 });
      expect(copy()).toMatchObject({ status: 1, said: expect.stringContaining('is no copy of') });
      expect(run(forgetCopies(at('to')))).toEqual({ status: 0, said: '' });
      expect(record()).toBeNull();
    },
  );

  it(
    'has another stamp after every pass, and tells a live one from a final one by the marker',
    { tags: ['lab:rsync'] },
    () => {
      expect(live()).toEqual([0]);
      const first = record();
      expect(run(unchangedSinceCopy(found('from'), found('to'))).status).toBe(9);
      expect(run(holdsOnlyCopy(found('from'), found('to'))).status).toBe(0);
      expect(copy().status).toBe(0);
      expect(record()?.stamp).not.toBe(first?.stamp);
      expect(copy().status).toBe(0);
      expect(run(unchangedSinceCopy(found('from'), found('to'))).status).toBe(0);
    },
  );

  it('is not made when what has to hold still does not', { tags: ['lab:rsync'] }, () => {
    expect(copy({ stillHolds: 'echo it runs; false' })).toEqual({ status: 1, said: 'it runs\n' });
    expect(record()).toBeNull();
    expect(copy()).toEqual({ status: 0, said: '' });
  });

  it('is not made of what something else has written to between the passes', { tags: ['lab:rsync'] }, () => {
    expect(live()).toEqual([0]);
    writeFileSync(join(at('to'), 'mine'), '');
    expect(copy()).toMatchObject({ status: 1, said: expect.stringContaining('mine') });
    expect(run(holdsOnlyCopy(found('from'), found('to'))).status).toBe(9);
    expect(copy({ exclusive: true })).toEqual({ status: 0, said: '' });
  });

  it('does not guess', () => {
    for (const stdout of ['', 'passed x\nunchanged\n', 'passed 1.5\n'])
      expect(() => copiedRecord.parse({ status: 0, stdout, stderr: '' }, ['/a', '/b'])).toThrow(
        expect.objectContaining({ code: 'fact-unreadable' }),
      );
  });

  it('reads where a path really leads', () => {
    expect(runScript('ln -s "$1" "$2"', [at('from'), at('link')]).status).toBe(0);
    expect([readHere(realPath, at('link')), readHere(realPath, at('none'))]).toEqual([
      readHere(realPath, at('from')),
      null,
    ]);
  });

  it('reads what not every way of copying carries over', () => {
    expect(readHere(copySource, at('from'))).toEqual({ sockets: 0, fixed: 0, firstFixed: [] });
    expect(readHere(copySource, at('none'))).toEqual({ sockets: 0, fixed: 0, firstFixed: [] });
    expect(copySource.parse({ status: 0, stdout: 'sockets 1\nfixed 2\n./a b\n.\n', stderr: '' }, [])).toEqual({
      sockets: 1,
      fixed: 2,
      firstFixed: ['a b', '.'],
    });
    expect(() => copySource.parse({ status: 0, stdout: 'sockets 1\n', stderr: '' }, ['/a'])).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });

  it('reads which containers were stopped, to the letter', () => {
    const stopped = { from: '/a "b"', to: '/c', containers: ['a'.repeat(64)] };
    const read = (): unknown => stoppedForCopies.parse(runScript(stoppedForCopies.script, [], environment()), []);
    const directory = join(base, 'state/stopped');
    expect(read()).toEqual({ directory, all: [] });
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, '1-2'), stoppedText(stopped));
    expect(read()).toEqual({
      directory,
      all: [{ ...stopped, file: join(directory, '1-2'), text: stoppedText(stopped) }],
    });
    writeFileSync(join(directory, '1-3'), '');
    expect(read).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });
});

it('of an empty directory the state is what a shell has of it, too', () => {
  expect(treeState.parse({ status: 0, stdout: '1795214592.5 ', stderr: '' }, ['/a'])).toBe('1795214592.5 ');
  expect(treeState.parse({ status: 0, stdout: '1795214592.5 1795214593.25\n', stderr: '' }, ['/a'])).toBe(
    '1795214592.5 1795214593.25',
  );
});
