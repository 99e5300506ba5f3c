import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine, quote } from '../../src/values/shell.ts';
import { shells } from '../run/shells.ts';

/** Any text an argument can hold, the characters that mean something to a shell more often than others. */
const hostile = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '`',
      '$',
      '\\',
      '!',
      '*',
      '?',
      '[',
      '~',
      '#',
      '&',
      ';',
      '|',
      '<',
      '>',
      '(',
      ')',
      '{',
      '}',
      ' ',
      '\t',
      '\n',
      '\r',
      '-',
      '=',
      'a',
      'é',
      '💾',
      '\u0001',
      '\u001b',
    ),
  }),
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
);

/** Prints its arguments, each closed by a line that no argument of the test contains. */
const printer = ['printf', '%s\n--\n'];

function printed(shell: readonly string[], line: string): string {
  const [file = '', ...args] = shell;
  const { status, stdout, stderr } = spawnSync(file, [...args], { input: `${line}\n`, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

for (const { name, argv, tags } of shells)
  describe(name, { tags }, () => {
    it('gives every word on exactly as it was', () => {
      fc.assert(
        fc.property(fc.array(hostile, { minLength: 1, maxLength: 60 }), (words) => {
          expect(printed(argv, commandLine([...printer, ...words]))).toBe(
            words.map((word) => `${word}\n--\n`).join(''),
          );
        }),
        { numRuns: 40 },
      );
    });

    it.each(['if', 'A=B', 'while', 'done', 'for', 'in', '{', '!'])(
      'takes the program %j for a program, and for nothing else',
      (program) => {
        const [file, ...args] = argv;
        const { status, stderr } = spawnSync(file, args, {
          input: `${commandLine([program, 'x'])}\n`,
          encoding: 'utf8',
        });
        expect(status).toBe(127);
        expect(stderr).toMatch(/not found/);
      },
    );
  });

describe('quote', () => {
  it.each([
    ['web-1', 'web-1'],
    ['/dev/mapper/a', '/dev/mapper/a'],
    ['--output=size', '--output=size'],
    ['', "''"],
    ["it's", "'it'\\''s'"],
    ['~', "'~'"],
    ['a b', "'a b'"],
  ])('%j is written %s', (value, text) => {
    expect(quote(value)).toBe(text);
  });

  it('refuses what no argument can hold', () => {
    expect(() => quote('a\0b')).toThrow(RangeError);
    expect(() => commandLine(['printf', '\0'])).toThrow(RangeError);
  });
});
