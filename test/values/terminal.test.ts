import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neutralise, oneLine } from '../../src/values/terminal.ts';

const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('\x1b', '[', '2', 'J', '\r', '\n', '\t', '\x07', '\x9b', '\u202e', '\u2028', 'a') }));

describe('what a host prints', () => {
  it.each([
    ['\x1b[2J', '\\x1b[2J'],
    ['\x1b]0;owned\x07', '\\x1b]0;owned\\x07'],
    ['\x9b31m', '\\x9b31m'],
    ['50%\r100%', '50%\\r100%'],
    ['safe\u202etxt.exe', 'safe\\u202etxt.exe'],
    ['a\u2028b', 'a\\u2028b'],
    ['a\0b', 'a\\x00b'],
    ['\x7f', '\\x7f'],
    ['one\ttwo\nthree', 'one\ttwo\nthree'],
    ['größer 日本 💾', 'größer 日本 💾'],
  ])('%j is shown as %j', (text, shown) => {
    expect(neutralise(text)).toBe(shown);
  });

  it('keeps no control character, and is not changed by a second time', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const shown = neutralise(text);
        expect(shown).not.toMatch(/[^\P{Cc}\t\n]|[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(neutralise(shown)).toBe(shown);
      }),
    );
  });

  it('is one line of bounded length in a message', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 50 }), (text, limit) => {
        expect(oneLine(text, limit)).not.toMatch(/[\n\t\r]/);
        expect(oneLine(text, limit).length).toBeLessThanOrEqual(limit + 1);
      }),
    );
    expect(oneLine('  a\n\tb ')).toBe('a\\n b');
  });
});
