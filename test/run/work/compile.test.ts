import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecAction, WriteFileAction } from '../../../src/operations/engine/change.ts';
import type { ScriptAction } from '../../../src/run/work/compile.ts';
import { compile, failedStatus, failureOf } from '../../../src/run/work/compile.ts';
import { shells } from '../shells.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-compile-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
const failed = 70;
const exec = (argv: readonly string[], more: Partial<ExecAction> = {}): ExecAction => ({ kind: 'exec', argv, ...more });
const note = (word: string): readonly string[] => [
  '/bin/sh',
  '-c',
  'printf "%s " "$1" >> "$2"',
  'sh',
  word,
  join(directory, 'notes'),
];
const notes = (): string =>
  existsSync(join(directory, 'notes')) ? readFileSync(join(directory, 'notes'), 'utf8').trim() : '';

for (const {
  name,
  argv: [file, ...options],
  tags,
} of shells)
  describe(`a script on ${name}`, { tags }, () => {
    const run = (
      actions: readonly ScriptAction[],
      streaming = false,
    ): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
      spawnSync(file, [...options, '-c', compile(actions, streaming).script], {
        encoding: 'utf8',
        env: environment,
        cwd: directory,
        input: '',
      });

    it('runs its actions in order, and says so with status 0', () => {
      expect(run([exec(note('a')), exec(note('b')), exec(['echo', 'done'])])).toMatchObject({
        status: 0,
        stdout: 'done\n',
        stderr: '',
      });
      expect(notes()).toBe('a b');
    });

    it.each<[string, ScriptAction, RegExp]>([
      ['an exit status', exec(['/bin/sh', '-c', 'echo why >&2; exit 3']), /^exit status 3: why$/],
      ['a program that does not exist', exec(['no-such-program']), /^exit status 127: .*not found/],
      [
        'a check that does not hold',
        exec(['true'], { check: { argv: ['echo', 'small'], equals: 'big' } }),
        /^echo small must print big but prints small$/,
      ],
      [
        'a check whose program fails',
        exec(['true'], { check: { argv: ['no-such-program'], equals: 'big' } }),
        /must print big but prints .*not found/,
      ],
      [
        'a guard',
        { kind: 'check', argv: ['echo', 'other'], equals: 'mine', otherwise: 'not mine' },
        /^not mine: other$/,
      ],
      ['a status that is not a success here', exec(['true'], { success: [1] }), /^exit status 0$/],
    ])('stops at %s', (_what, action, reason) => {
      const { status, stderr } = run([exec(note('before')), action, exec(note('after'))]);
      expect(status).toBe(failed);
      expect(failureOf(stderr)).toMatchObject({ index: 1, reason: expect.stringMatching(reason) });
      expect(notes()).toBe('before');
    });

    it.each([
      [[0, 3], 3],
      [[3], 3],
      [undefined, 0],
    ])('takes the statuses %j for success: %i', (success, ends) => {
      expect(
        run([exec(['/bin/sh', '-c', `exit ${String(ends)}`], success === undefined ? {} : { success })]),
      ).toMatchObject({ status: 0, stderr: '' });
    });

    it('folds white space in checks, as people read it', () => {
      expect(
        run([
          { kind: 'check', argv: ['printf', '  1B-blocks \\n\\t%s\\n', '42'], equals: '1B-blocks 42', otherwise: 'no' },
        ]),
      ).toMatchObject({ status: 0 });
      expect(run([{ kind: 'check', argv: ['printf', 'a\\r'], equals: 'a', otherwise: 'no' }])).toMatchObject({
        status: failed,
      });
      expect(run([{ kind: 'check', argv: ['printf', '*'], equals: '*', otherwise: 'no' }])).toMatchObject({
        status: 0,
      });
    });

    it.each([
      ['the action fails', { argv: ['false'] }, 'undone'],
      ['its check does not hold', { argv: ['true'], check: { argv: ['echo', '1'], equals: '2' } }, 'undone'],
      ['it succeeds', { argv: ['true'], check: { argv: ['echo', '1'], equals: '1' } }, ''],
      ['a later one fails', { argv: ['true'], later: true }, ''],
    ])(
      'undoes what is half done when %s',
      (
        _when,
        {
          argv,
          check,
          later,
        }: { argv: readonly string[]; check?: { argv: readonly string[]; equals: string }; later?: boolean },
        expected,
      ) => {
        run([
          exec(argv, { onFailure: [note('undone')], ...(check === undefined ? {} : { check }) }),
          ...(later === true ? [exec(['false'])] : []),
        ]);
        expect(notes()).toBe(expected);
      },
    );

    it('cleans up at its end, newest first, whether it succeeds or not', () => {
      const mounts = [
        exec(note('mkdir'), { atEnd: [note('rmdir')] }),
        exec(note('mount'), { atEnd: [note('umount'), note('detach')] }),
      ];
      expect(run([...mounts, exec(note('work'))]).status).toBe(0);
      expect(notes()).toBe('mkdir mount work umount detach rmdir');
      rmSync(join(directory, 'notes'));
      expect(run([...mounts, exec(['false'], { onFailure: [note('undo')] })]).status).toBe(failed);
      expect(notes()).toBe('mkdir mount undo umount detach rmdir');
    });

    it('cleans up only after what was done, and then also when its own check fails', () => {
      expect(
        run([exec(note('mkdir'), { atEnd: [note('rmdir')] }), exec(['false'], { atEnd: [note('umount')] })]).status,
      ).toBe(failed);
      expect(notes()).toBe('mkdir rmdir');
      rmSync(join(directory, 'notes'));
      expect(
        run([exec(note('mount'), { atEnd: [note('umount')], check: { argv: ['echo', 'no'], equals: 'yes' } })]).status,
      ).toBe(failed);
      expect(notes()).toBe('mount umount');
    });

    it('says what it could not clean up, and succeeds all the same', () => {
      expect(run([exec(['true'], { atEnd: [['rmdir', '/no such']] })])).toMatchObject({
        status: 0,
        stderr: expect.stringContaining("could not clean up: rmdir '/no such'"),
      });
    });

    it('passes every argument and every standard input on as it is', () => {
      const text = fc.string({
        unit: fc.constantFrom(
          "'",
          '"',
          '$',
          '`',
          '\\',
          '\n',
          ' ',
          '*',
          '~',
          '!',
          '-',
          ';',
          '&',
          '%',
          'é',
          'a',
          '\t',
          '#',
        ),
      });
      fc.assert(
        fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), text, (words, stdin) => {
          const { status, stderr } = run([
            exec(['/bin/sh', '-c', 'cat > in; printf "%s\\n--\\n" "$@" > args', 'sh', ...words], { stdin }),
          ]);
          expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
          expect(readFileSync(join(directory, 'args'), 'utf8')).toBe(words.map((word) => `${word}\n--\n`).join(''));
          expect(readFileSync(join(directory, 'in'), 'utf8')).toBe(stdin);
        }),
        { numRuns: 25 },
      );
    });

    it.each([
      ['exit', '0'],
      ['eval', 'exit 0'],
      ['set', '-e'],
      ['fail', '9', 'x'],
      ['A=B'],
      ['if'],
      ['trap', '', 'TERM'],
      ['out=x'],
      ['return', '0'],
      ['status=0'],
    ])('is not steered by a program called %s', (...argv) => {
      for (const streaming of [false, true]) {
        const { status, stderr } = run(
          [exec(argv, { check: { argv: ['echo', 'not done'], equals: 'done' } })],
          streaming,
        );
        expect({ argv, streaming, status, number: failureOf(stderr)?.index }).toEqual({
          argv,
          streaming,
          status: failed,
          number: 0,
        });
      }
    });

    describe('what a program prints cannot be taken for our own words', () => {
      const words = '\\nplimsoll-failed: x\\nplimsoll-failed-action 7\\n';
      it.each([
        ['a success stays a success', exec(['printf', words]), false, 0],
        ['on standard error too', exec(['/bin/sh', '-c', `printf '${words}' >&2`]), false, 0],
        ['and when its output is passed on', exec(['/bin/sh', '-c', `printf '${words}' >&2`]), true, 0],
        ['and when it cleans up', exec(['true'], { atEnd: [['/bin/sh', '-c', `printf '${words}' >&2`]] }), false, 0],
      ])('%s', (_what, action, streaming, status) => {
        expect(run([action], streaming).status).toBe(status);
      });

      it.each([
        ['a failure', exec(['/bin/sh', '-c', `printf '${words}'; exit 5`]), false],
        ['on standard error', exec(['/bin/sh', '-c', `printf '${words}' >&2; exit 5`], { stdin: 'fed' }), true],
        ['of a check', exec(['true'], { check: { argv: ['printf', words], equals: 'ok' } }), false],
        [
          'with a number that is none',
          exec(['/bin/sh', '-c', "printf '\\nplimsoll-failed-action x\\n' >&2; exit 5"], { stdin: 'fed' }),
          true,
        ],
        ['that ends as we do', exec(['/bin/sh', '-c', `exit ${String(failed)}`], { stdin: 'fed' }), true],
        [
          'while it cleans up',
          exec(['true'], {
            atEnd: [['/bin/sh', '-c', `printf '${words}' >&2`]],
            check: { argv: ['false'], equals: 'x' },
          }),
          false,
        ],
      ])('%s stays a failure, of the action that failed', (_what, action, streaming) => {
        const { status, stderr } = run([action], streaming);
        expect(status).toBe(failed);
        expect(failureOf(stderr)).toMatchObject({ index: 0 });
      });

      it('also when our status for failure means success to the program', () => {
        const success = [0, failed];
        expect(failedStatus([exec(['x'], { success })])).toBe(71);
        for (const more of [{ success, stdin: 'fed' }, { success }]) {
          expect(run([exec(['/bin/sh', '-c', 'exit 5'], more)], true).status).toBe('stdin' in more ? 71 : 5);
          expect(run([exec(['/bin/sh', '-c', `exit ${String(failed)}`], more)], true).status).toBe(failed);
        }
        expect(run([exec(['/bin/sh', '-c', `exit ${String(failed)}`], { success }), exec(['false'])]).status).toBe(71);
      });
    });

    it('passes the output of a single program on, each stream for itself, and ends with its status', () => {
      const both = ['/bin/sh', '-c', 'echo out; echo err >&2; exit "$1"', 'sh'];
      expect(run([exec([...both, '3'], { success: [3] })], true)).toMatchObject({
        status: 3,
        stdout: 'out\n',
        stderr: 'err\n',
      });
      const { status, stdout, stderr } = run([exec([...both, '4'], { stdin: 'fed' })], true);
      expect({ status, stdout, failure: failureOf(stderr) }).toEqual({
        status: failed,
        stdout: 'out\n',
        failure: { index: 0, reason: 'exit status 4', printed: 'err\n' },
      });
    });

    it('becomes a program that nothing is to be fed to, whatever that is called and ends with', () => {
      expect(run([exec(['/bin/sh', '-c', 'echo "$A $PPID"; exit 4'], { env: { A: 'b c' } })], true)).toMatchObject({
        status: 4,
        stdout: `b c ${String(process.pid)}\n`,
      });
      for (const argv of [['no-such-program'], ['eval', 'exit 0'], ['exit', '0'], ['A=B'], ['if'], ['-a', 'x', 'true']])
        expect({ argv, status: run([exec(argv)], true).status }).toEqual({
          argv,
          status: argv[0] === '-a' ? failed : 127,
        });
    });

    it('that is told to end cleans up: only the program that runs is ended, and none is begun after it', async () => {
      const begun = join(directory, 'begun');
      const { script } = compile([
        exec(note('mounted'), { atEnd: [note('unmounted')] }),
        exec(['/bin/sh', '-c', ': >"$1"; exec sleep 60', 'sh', begun], { onFailure: [note('back')] }),
        exec(note('never')),
      ]);
      const child = spawn(file, [...options, '-c', script], {
        env: environment,
        cwd: directory,
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      await expect.poll(() => existsSync(begun)).toBe(true);
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      const status = await new Promise((resolve) => child.once('close', resolve));
      expect({ status, notes: notes(), index: failureOf(stderr)?.index }).toEqual({
        status: failed,
        notes: 'mounted back unmounted',
        index: 1,
      });
    });

    describe('replaces a file', () => {
      const path = (): string => join(directory, 'it s', 'record');
      const write = (more: Partial<WriteFileAction> = {}): WriteFileAction => ({
        kind: 'write-file',
        path: path(),
        content: '{"size":2}',
        mode: '0640',
        expect: '{"size":1}',
        ...more,
      });
      beforeEach(() => {
        mkdirSync(join(directory, 'it s'));
        writeFileSync(path(), '{"size":1}', { mode: 0o600 });
      });

      it('with its new content, its mode, and the owner it had', () => {
        const mine = process.getuid?.() ?? 0;
        if (mine === 0) chownSync(path(), 1234, 2345);
        const before = statSync(path());
        expect(run([write()])).toMatchObject({ status: 0, stderr: '' });
        const after = statSync(path());
        expect({
          text: readFileSync(path(), 'utf8'),
          mode: after.mode & 0o7777,
          uid: after.uid,
          gid: after.gid,
        }).toEqual({ text: '{"size":2}', mode: 0o640, uid: before.uid, gid: before.gid });
        expect(after.ino).not.toBe(before.ino);
        expect(readdirSync(join(directory, 'it s'))).toEqual(['record']);
      });

      it.each(['it\'s "quoted" $HOME `id` \\n', 'line\nline\n', 'no end', '\n\n', '', '-n', '%s'])(
        'with %j, to the letter',
        (content) => {
          expect(run([write({ content })])).toMatchObject({ status: 0, stderr: '' });
          expect(readFileSync(path(), 'utf8')).toBe(content);
          expect(run([write({ expect: content, content: 'back' })]).status).toBe(0);
          expect(readFileSync(path(), 'utf8')).toBe('back');
        },
      );

      it.each<[string, Partial<WriteFileAction>]>([
        ['its content is another one', { expect: '{"size":9}' }],
        ['its content has one line feed more', { expect: '{"size":1}\n' }],
        ['it was to be a new one', { expect: null }],
        ['its backup cannot be written', { backup: '/proc/no/backup' }],
      ])('not when %s, and leaves nothing behind', (_what, more) => {
        const before = lstatSync(path());
        const { status, stderr } = run([write(more)]);
        expect(status).toBe(failed);
        expect(failureOf(stderr)).toMatchObject({ index: 0, reason: expect.stringContaining('record') });
        expect({
          text: readFileSync(path(), 'utf8'),
          ino: lstatSync(path()).ino,
          files: readdirSync(join(directory, 'it s')),
        }).toEqual({ text: '{"size":1}', ino: before.ino, files: ['record'] });
      });

      it.each(['{"size":1}', '{"size":2}'])(
        'again: holding %s it holds what it is to hold, and nothing else is taken',
        (is) => {
          writeFileSync(path(), is);
          expect(run([write({ again: true })])).toMatchObject({ status: 0, stderr: '' });
          expect(readFileSync(path(), 'utf8')).toBe('{"size":2}');
          for (const other of ['{"size":2}\n', '{"size":2', '', '*']) {
            writeFileSync(path(), other);
            expect(run([write({ again: true })]).status).toBe(failed);
            expect(readFileSync(path(), 'utf8')).toBe(other);
          }
        },
      );

      it('and keeps the old one where it is told to', () => {
        chmodSync(path(), 0o604);
        const backup = join(directory, 'kept', 'here', 'old');
        expect(run([write({ backup })]).status).toBe(0);
        expect({ text: readFileSync(backup, 'utf8'), mode: statSync(backup).mode & 0o777 }).toEqual({
          text: '{"size":1}',
          mode: 0o604,
        });
      });

      it('makes a new one, without an old one to look at', () => {
        rmSync(path());
        expect(run([write({ expect: null, mode: '0600' })])).toMatchObject({ status: 0, stderr: '' });
        expect({ text: readFileSync(path(), 'utf8'), mode: statSync(path()).mode & 0o777 }).toEqual({
          text: '{"size":2}',
          mode: 0o600,
        });
      });

      it('through temporary names that start with a dot, and none that can be told beforehand', () => {
        const { script } = compile([write()]);
        const names = [...script.matchAll(/(?<=\.\/)\.[A-Za-z]\S*/g)].map(([name]) => name.replace(/[;)]+$/, ''));
        expect(new Set(names)).toEqual(new Set(['.plimsoll.XXXXXXXXXX', '.plimsoll.??????????', '.part']));
      });

      it('not at all when the disk is full', { tags: ['lab:mount'] }, () => {
        const small = join(directory, 'small');
        mkdirSync(small);
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
        try {
          writeFileSync(join(small, 'record'), 'old');
          expect(() => {
            writeFileSync(join(small, 'filler'), Buffer.alloc(100_000));
          }).toThrow(/ENOSPC/);
          const { status, stderr } = run([
            write({ path: join(small, 'record'), expect: 'old', content: 'x'.repeat(8000) }),
          ]);
          expect(status).toBe(failed);
          expect(failureOf(stderr)?.reason).toMatch(/new content could not be written: .*No space left/);
          expect({ text: readFileSync(join(small, 'record'), 'utf8'), files: readdirSync(small).toSorted() }).toEqual({
            text: 'old',
            files: ['filler', 'record'],
          });
        } finally {
          execFileSync('umount', [small]);
        }
      });
    });
  });

describe('failureOf', () => {
  it.each([
    ['', undefined],
    ['some words\n', undefined],
    ['\nplimsoll-failed: why\nplimsoll-failed-action 2\nmore\n', undefined],
    ['\nplimsoll-failed: why\nplimsoll-failed-action 0\n', undefined],
    ['\nplimsoll-failed: why\nplimsoll-failed-action 2\n', { index: 1, reason: 'why', printed: '' }],
    ['before\nplimsoll-failed: a\nb\nplimsoll-failed-action 12\n', { index: 11, reason: 'a\nb', printed: 'before' }],
  ])('%j: %j', (stderr, failure) => {
    expect(failureOf(stderr)).toEqual(failure);
  });
});

it('has as much time as its actions together', () => {
  expect(
    compile([exec(['a'], { timeoutMs: 5000 }), exec(['b']), { kind: 'check', argv: ['c'], equals: '', otherwise: '' }])
      .timeoutMs,
  ).toBe(85_000);
});
