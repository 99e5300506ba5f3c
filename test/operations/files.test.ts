import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../../src/facts/fact.ts';
import { hostFile, laptopFile } from '../../src/facts/host/file.ts';
import { fetch } from '../../src/operations/files/fetch.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { upload } from '../../src/operations/files/upload.ts';
import { dependsOn } from '../../src/plan/dependence.ts';
import { readHere } from '../facts/real-shell.ts';
import { Answers } from './known.ts';
import { applyHere, planHere } from './on-this-machine.ts';

let base = '';
const at = (name: string): string => join(base, name);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'plimsoll-files-'));
  writeFileSync(at('source'), 'hello');
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const planUpload = (more: Record<string, unknown> = {}): Planned =>
  planHere(upload, upload.schema.parse({ from: at('source'), to: at('target'), ...more }));

describe('the file fact', () => {
  it('reads regular files, directories, links, and what is not there', () => {
    chmodSync(at('source'), 0o4755);
    symlinkSync('source', at('link'));
    mkdirSync(at('directory'));
    const owner = `${String(process.getuid?.())}:${String(process.getgid?.())}`;
    expect(readHere(hostFile, at('source'))).toMatchObject({
      exists: true,
      kind: 'file',
      bytes: 5,
      mode: '4755',
      owner,
      sha256: sha256('hello'),
    });
    expect(readHere(hostFile, at('link'))).toMatchObject({ exists: true, kind: 'symlink', sha256: '' });
    expect(readHere(hostFile, at('directory'))).toMatchObject({ exists: true, kind: 'directory' });
    expect(readHere(hostFile, at('nothing'))).toEqual({ exists: false });
    expect(readHere(hostFile, at('source/below'))).toEqual({ exists: false });
  });

  it('reads names with blanks, quotes, line feeds and a leading dash', () => {
    const name = at(' it\'s\na "$(name)" ');
    writeFileSync(name, 'x');
    expect(readHere(hostFile, name)).toMatchObject({ exists: true, sha256: sha256('x') });
    expect(readHere(hostFile, '-rf')).toEqual({ exists: false });
  });

  it('does not take what cannot be read for what is not there', () => {
    expect(() =>
      hostFile.parse({ status: 1, stdout: '', stderr: "stat: cannot statx '/x': Permission denied" }, ['/x']),
    ).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });

  it('of the laptop is never asked of a host', () => {
    expect(() => laptopFile.parse({ status: 0, stdout: '', stderr: '' }, ['x'])).toThrow(
      expect.objectContaining({ code: 'internal' }),
    );
  });
});

describe('upload', () => {
  it('sends what is not there and would remove it again', () => {
    expect(planUpload()).toMatchObject({
      outcome: 'change',
      changes: [
        {
          before: { exists: false },
          actions: [
            { kind: 'upload', from: at('source'), path: at('target'), mode: '0644', sha256: sha256('hello'), bytes: 5 },
          ],
          undo: [{ argv: ['/bin/sh', '-s', '--', at('target')], stdin: expect.stringContaining('# Removes $1.') }],
        },
      ],
    });
  });

  it('keeps what it replaces, under its digest', () => {
    writeFileSync(at('target'), 'old');
    const kept = `/var/lib/plimsoll/replaced/${sha256('old')}`;
    expect(planUpload()).toMatchObject({
      outcome: 'change',
      changes: [
        {
          actions: [{ argv: expect.arrayContaining([at('target'), kept, sha256('old')]) }, { kind: 'upload' }],
          undo: [{ argv: expect.arrayContaining([kept, at('target')]) }],
        },
      ],
    });
  });

  it('drops what it has kept once it is finalized, and nothing where it keeps nothing', () => {
    writeFileSync(at('target'), 'old');
    expect(planUpload()).toMatchObject({
      changes: [
        { finalize: [{ kind: 'exec', argv: ['rm', '-f', '--', `/var/lib/plimsoll/replaced/${sha256('old')}`] }] },
      ],
    });
    writeFileSync(at('target'), 'hello');
    chmodSync(at('target'), 0o600);
    expect(JSON.stringify([planUpload(), planUpload({ to: at('nothing') })])).not.toContain('finalize');
  });

  it('takes back what it has replaced from what is kept; without that it fails, unless nothing was replaced', () => {
    writeFileSync(at('target'), 'old');
    const planned = planUpload();
    const [restore] =
      planned.outcome === 'change' && planned.changes[0]?.undo !== 'irreversible'
        ? (planned.changes[0]?.undo ?? [])
        : [];
    if (restore?.kind !== 'exec') throw new Error('a script was expected');
    const argv = restore.argv.map((word) => (word.startsWith('/var/lib/plimsoll/') ? at('kept') : word));
    expect(argv).toContain(at('kept'));
    const undo = (): void => applyHere([{ ...restore, argv }]);
    expect(undo).not.toThrow();
    writeFileSync(at('target'), 'new');
    expect(undo).toThrow(/kept/);
    expect(readFileSync(at('target'), 'utf8')).toBe('new');
    writeFileSync(at('kept'), 'old');
    undo();
    expect(readFileSync(at('target'), 'utf8')).toBe('old');
    rmSync(at('target'));
    undo();
    expect(readFileSync(at('target'), 'utf8')).toBe('old');
  });

  it('sets mode and owner alone when the content is right, and has nothing to do when all is', () => {
    copyFileSync(at('source'), at('target'));
    chmodSync(at('target'), 0o600);
    expect(planUpload({ owner: '12345' })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          actions: [
            {
              argv: [
                '/bin/sh',
                '-s',
                '--',
                '',
                at('target'),
                sha256('hello'),
                '0644',
                `12345:${String(process.getgid?.())}`,
              ],
              stdin: expect.stringMatching(/^# Gives \$2 mode \$4 and owner \$5\./),
            },
          ],
        },
      ],
    });
    expect(planUpload({ mode: '600' }).outcome).toBe('noop');
    const me = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
    expect(planUpload({ mode: '0600', owner: me }).outcome).toBe('noop');
  });

  it('refuses a missing source, and to replace a directory or a link', () => {
    expect(planUpload({ from: at('nothing') })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('there is no file'),
    });
    mkdirSync(at('directory'));
    symlinkSync('source', at('link'));
    expect(planUpload({ to: at('directory') })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('is a directory'),
    });
    expect(planUpload({ to: at('link') })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('is a symlink'),
    });
  });

  it.each([
    { mode: 644 },
    { mode: '99' },
    { mode: 'u+x' },
    { to: 'relative' },
    { owner: 'a b' },
    { owner: '--reference=/x' },
  ])('its schema refuses %j', (more) => {
    expect(upload.schema.safeParse({ from: 'a', to: '/b', ...more }).success).toBe(false);
  });
});

describe('fetch', () => {
  const plan = (from: string, to: string): Planned => planHere(fetch, fetch.schema.parse({ from, to }));

  it('brings what is not here, and has nothing to do when it is', () => {
    expect(plan(at('source'), at('here'))).toMatchObject({
      outcome: 'change',
      changes: [
        {
          actions: [{ kind: 'fetch', path: at('source'), to: at('here'), sha256: sha256('hello'), bytes: 5 }],
          undo: [],
        },
      ],
    });
    copyFileSync(at('source'), at('here'));
    expect(readFileSync(at('here'), 'utf8')).toBe('hello');
    expect(plan(at('source'), at('here')).outcome).toBe('noop');
  });

  it('warns before it replaces a file of this machine', () => {
    writeFileSync(at('here'), 'other');
    expect(plan(at('source'), at('here'))).toMatchObject({
      outcome: 'change',
      changes: [{ undo: 'irreversible' }],
      warnings: [expect.stringContaining('will be replaced')],
    });
  });

  it.each([
    ['kept/file', 'kept/file'],
    ['./kept//file', 'kept/file'],
    ['/kept/file', '/kept/./file'],
  ])('to %s is what a step that reads %s waits for', (to, from) => {
    const known = new Answers();
    for (const path of ['/x', '/y', '/z']) known.set(ask(hostFile, path), { exists: false });
    for (const path of [to, from, 'other']) known.set(ask(laptopFile, path), { exists: false, bytes: 0, sha256: '' });
    const { changes } = fetch.touches(fetch.schema.parse({ from: '/x', to }), known);
    const waitsFor = (reads: readonly string[]): readonly string[] => dependsOn(reads, [{ step: 'fetch', changes }]);
    expect(waitsFor(upload.touches(upload.schema.parse({ from, to: '/y' }), known).reads)).toEqual(['fetch']);
    expect(waitsFor(fetch.touches(fetch.schema.parse({ from: '/z', to: from }), known).reads)).toEqual(['fetch']);
    expect(waitsFor(upload.touches(upload.schema.parse({ from: 'other', to: '/y' }), known).reads)).toEqual([]);
  });

  it('refuses what is not there, and directories', () => {
    expect(existsSync(at('nothing'))).toBe(false);
    expect(plan(at('nothing'), at('here'))).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('there is no file'),
    });
    expect(plan(base, at('here'))).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('is a directory'),
    });
  });
});
