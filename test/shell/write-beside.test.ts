import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeBesideFunctions } from '../../src/shell/write-beside.ts';
import { otherUser, scene, type Scene } from '../support/other-user.ts';

let here: Scene = { base: '', app: '', victim: '', secret: '' };
beforeEach(() => {
  here = scene();
  chmodSync(here.base, 0o755);
});
afterEach(() => {
  rmSync(here.base, { recursive: true, force: true });
});

const shells: readonly (readonly [
  string,
  readonly string[],
  { readonly tags: ('dash' | 'bash' | 'lab:busybox')[] },
])[] = [
  ['/bin/sh', ['/bin/sh'], { tags: [] }],
  ['dash', ['/usr/bin/dash'], { tags: ['dash'] }],
  ['bash', ['/usr/bin/bash'], { tags: ['bash'] }],
  ['busybox sh', ['/usr/bin/busybox', 'sh'], { tags: ['lab:busybox'] }],
];

function run(
  [program = '', ...first]: readonly string[],
  body: string,
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: Readonly<Record<string, string>> } = {},
): { readonly status: number | null; readonly said: string; readonly printed: string } {
  const { status, stderr, stdout } = spawnSync(
    program,
    [...first, '-c', `${writeBesideFunctions}\n${body}`, 'sh', ...args],
    { input, encoding: 'utf8', cwd: '/', env: { ...process.env, ...env } },
  );
  return { status, said: stderr, printed: stdout };
}

/** Nothing has gone where it was not meant to. */
function untouched(): void {
  const { uid, mode, size } = statSync(here.secret);
  expect({
    uid,
    mode: mode & 0o7777,
    size,
    text: readFileSync(here.secret, 'utf8'),
    victim: readdirSync(here.victim),
  }).toEqual({ uid: process.getuid?.(), mode: 0o600, size: 7, text: 'of root', victim: ['secret'] });
}

describe.each(shells)('a file that is written beside its place, by %s', (_name, shell, tags) => {
  const write = (
    path: string,
    more: readonly string[] = ['0640'],
    options: Parameters<typeof run>[3] = {},
  ): ReturnType<typeof run> => run(shell, 'write_beside "$@"', [path, ...more], { input: 'new', ...options });

  it('is there whole, with its mode, and nothing is left beside it', tags, () => {
    writeFileSync(join(here.app, 'to'), 'old', { mode: 0o600 });
    expect(write(join(here.app, 'to'), ['4750'])).toMatchObject({ status: 0, said: '' });
    expect({
      text: readFileSync(join(here.app, 'to'), 'utf8'),
      mode: statSync(join(here.app, 'to')).mode & 0o7777,
      files: readdirSync(here.app),
    }).toEqual({ text: 'new', mode: 0o4750, files: ['to'] });
  });

  it('clears away what a failure of power has left of an earlier one, and only that', tags, () => {
    for (const [name, mode] of [
      ['.plimsoll.abcdefXXXX', 0o700],
      ['.plimsoll.sharedXXXX', 0o777],
    ] as const) {
      mkdirSync(join(here.app, name));
      writeFileSync(join(here.app, name, '.part'), 'half');
      chmodSync(join(here.app, name), mode);
    }
    symlinkSync(here.victim, join(here.app, '.plimsoll.linkedXXXX'));
    expect(write(join(here.app, 'to'))).toMatchObject({ status: 0, said: '' });
    expect(readdirSync(here.app)).toEqual(['.plimsoll.linkedXXXX', '.plimsoll.sharedXXXX', 'to']);
    untouched();
  });

  it('replaces a link, and not what that leads to', tags, () => {
    symlinkSync(here.secret, join(here.app, 'to'));
    expect(write(join(here.app, 'to')).status).toBe(0);
    expect(readFileSync(join(here.app, 'to'), 'utf8')).toBe('new');
    untouched();
  });

  it('goes into no directory that has its name', tags, () => {
    mkdirSync(join(here.app, 'to'));
    symlinkSync(here.victim, join(here.app, 'link'));
    expect(write(join(here.app, 'to')).status).not.toBe(0);
    write(join(here.app, 'link'));
    expect([readdirSync(join(here.app, 'to')), readdirSync(here.app)]).toEqual([[], ['link', 'to']]);
    untouched();
  });

  it.each([
    ['', '0640', '', 'f'.repeat(64)],
    ['no-such-user', '0640', 'no-such-user'],
    ['a name of nothing', '0640'],
  ])('that cannot be made leaves the old one, and nothing else: %s', tags, (why, ...more) => {
    writeFileSync(join(here.app, 'to'), 'old');
    expect(write(why === 'a name of nothing' ? `${here.app}/.` : join(here.app, 'to'), more).status).not.toBe(0);
    expect([readFileSync(join(here.app, 'to'), 'utf8'), readdirSync(here.app)]).toEqual(['old', ['to']]);
  });

  /** Before and after every program that is called, all that the owner of the directory may do is done there. */
  const tools = ['mktemp', 'stat', 'cat', 'sha256sum', 'chown', 'chmod', 'sync', 'mv', 'rm', 'rmdir'];
  it.each(
    tools.flatMap(
      (tool) =>
        [
          ['before', tool],
          ['after', tool],
        ] as const,
    ),
  )('is where it was meant to be or nowhere, when the directory’s owner exchanges names %s %s', tags, (when, tool) => {
    const shims = join(here.base, 'shims');
    const attack = `for at in "$APP"/.plimsoll.*; do
  [ -d "$at" ] && [ ! -L "$at" ] || continue
  /bin/mv "$at" "$APP/taken" 2>/dev/null && /bin/ln -s "$VICTIM" "$at"
done
/bin/rm -f "$APP/to"; /bin/ln -s "$VICTIM/secret" "$APP/to"`;
    mkdirSync(shims);
    writeFileSync(
      join(shims, tool),
      `#!/bin/sh\n${when === 'before' ? attack : ''}\nPATH=\${PATH#*:} ${tool} "$@"; status=$?\n${when === 'after' ? attack : ''}\nexit $status\n`,
      { mode: 0o755 },
    );
    write(join(here.app, 'to'), ['0640', `${String(process.getuid?.())}:${String(process.getgid?.())}`, ''], {
      env: { PATH: `${shims}:${process.env['PATH'] ?? ''}`, APP: here.app, VICTIM: here.victim },
    });
    untouched();
  });
});

describe('a directory is entered', () => {
  const enter = (path: string, ...how: readonly string[]): string => {
    const { status, printed, said } = run(['/bin/sh'], 'walk_to "$@" && pwd -P', [path, ...how]);
    return (status === 0 ? printed : said).trim();
  };

  it('by links that we have put there', () => {
    mkdirSync(join(here.app, 'real'));
    symlinkSync('real', join(here.app, 'relative'));
    symlinkSync(join(here.app, 'relative'), join(here.base, 'absolute'));
    expect([enter(join(here.base, 'absolute')), enter(`${here.app}//relative/../../app/./real/`)]).toEqual([
      join(here.app, 'real'),
      join(here.app, 'real'),
    ]);
  });

  it('and not by loops, by names of files, or by what is not there, which is made where that is asked for', () => {
    symlinkSync('loop', join(here.app, 'loop'));
    expect(enter(join(here.app, 'loop'))).toContain('too many symbolic links');
    expect(enter(here.secret)).toContain('there is no directory');
    expect(enter(join(here.app, 'a/b'))).toContain('there is no directory');
    expect(enter('relative')).toContain('not an absolute path');
    expect(enter(join(here.app, 'a/b'), 'own', 'make')).toBe(join(here.app, 'a/b'));
    expect([statSync(join(here.app, 'a')).mode & 0o777, statSync(join(here.app, 'a/b')).mode & 0o777]).toEqual([
      0o755, 0o700,
    ]);
  });

  it('that is to be our own and can be written by others is refused, and so is what lies in it', () => {
    mkdirSync(join(here.app, 'in'));
    chmodSync(here.app, 0o775);
    expect(enter(here.app, 'own')).toBe(`${here.app} can be written by other users`);
    expect(enter(join(here.app, 'in'), 'own')).toContain(
      `${here.app} can be written by other users, so that they decide what`,
    );
    expect(enter(join(here.app, 'in'))).toBe(join(here.app, 'in'));
  });

  it('by a link in a directory that anybody may write to is refused', () => {
    chmodSync(here.app, 0o1777);
    symlinkSync(here.victim, join(here.app, 'link'));
    expect(enter(join(here.app, 'link'))).toContain('is a symbolic link that any user may have put there');
  });

  describe('of another user', { tags: ['root'] }, () => {
    const theirs = (path: string): string => {
      lchownSync(path, otherUser, otherUser);
      return path;
    };
    beforeEach(() => {
      chownSync(here.app, otherUser, otherUser);
    });

    it('also by that user’s links, to directories of theirs and to no others', () => {
      mkdirSync(join(here.app, 'real'));
      theirs(join(here.app, 'real'));
      symlinkSync('real', join(here.app, 'current'));
      symlinkSync(here.victim, join(here.app, 'evil'));
      symlinkSync(join(here.app, 'evil'), join(here.base, 'ours'));
      expect([enter(here.app), enter(join(here.app, 'real')), enter(join(here.app, 'current'))]).toEqual([
        here.app,
        join(here.app, 'real'),
        join(here.app, 'real'),
      ]);
      for (const path of [join(here.app, 'evil'), join(here.base, 'ours')])
        expect(enter(path)).toContain('into a directory that is not theirs');
    });

    it('but it is not our own', () => {
      mkdirSync(join(here.app, 'ours'));
      expect(enter(here.app, 'own')).toBe(`${here.app} belongs to another user`);
      expect(enter(join(here.app, 'ours'), 'own')).toContain('so that they decide what');
    });
  });
});
