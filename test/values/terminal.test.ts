import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { neutralise, oneLine } from '../../src/values/terminal.ts';

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\x1b', '[', '2', 'J', '\r', '\n', '\t', '\x07', '\x9b', '\u202e', '\u2028', 'a'),
  }),
  fc.string({
    unit: fc.constantFrom(
      'a',
      '\u0430',
      '\u03bf',
      '\u0301',
      '\u200b',
      '\x1b',
      '\n',
      '\\',
      'n',
      'x',
      'u',
      '{',
      '0',
      ' ',
    ),
  }),
);

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
    // What takes no room, or looks like a space.
    ['a\u200bb\u00ad', 'a\\u200bb\\xad'],
    ['a\u200c\u200d\u2060\ufeffb', 'a\\u200c\\u200d\\u2060\\ufeffb'],
    ['\u206a\u206f', '\\u206a\\u206f'],
    ['/etc\u00a0/\u2009\u202f\u3000x', '/etc\\xa0/\\u2009\\u202f\\u3000x'],
    ['\u115f\u1160\u3164\uffa0\u2800', '\\u115f\\u1160\\u3164\\uffa0\\u2800'],
    ['a\u{e0041}\u{e0100}b', 'a\\u{e0041}\\u{e0100}b'],
    ['a\ufe0fb\u180bc\u034fd', 'a\\ufe0fb\\u180bc\\u034fd'],
    ['x\ud800y', 'x\\ud800y'],
    // Combining marks that pile up, or stand on what is ours.
    ['e\u0301'.repeat(2), 'e\u0301'.repeat(2)],
    [`e${'\u0301'.repeat(6)}f`, `e${'\u0301'.repeat(4)}\\u0301\\u0301f`],
    ['\u0338x', '\\u0338x'],
    ['/\u0338etc', '/\\u0338etc'],
    // A letter that looks like a Latin one among Latin ones.
    ['p\u0430ssword', 'p\\u0430ssword'],
    ['/etc/p\u0430sswd', '/etc/p\\u0430sswd'],
    ['web-\u03bfne', 'web-\\u03bfne'],
    // Ordinary text of anybody.
    ['Grüße, naïve, Tiếng Việt', 'Grüße, naïve, Tiếng Việt'],
    ['Tiếng Việt'.normalize('NFD'), 'Tiếng Việt'.normalize('NFD')],
    ['диск заполнен: /var/lib', 'диск заполнен: /var/lib'],
    ['ο δίσκος, 磁盘已满, ディスク, डिस्क, ไม่ได้, דיסק, قرص', 'ο δίσκος, 磁盘已满, ディスク, डिस्क, ไม่ได้, דיסק, قرص'],
    ['5 μs, 3 kΩ, Δt', '5 μs, 3 kΩ, Δt'],
    ['🚢 👍🏽 👩\u200d💻 ❤\ufe0f', '🚢 👍🏽 👩\\u200d💻 ❤\\ufe0f'],
    ['\x07диск', '\\x07диск'],
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

  it('leaves nothing that cannot be seen, wherever it stands', () => {
    for (let code = 0x80; code <= 0xe0fff; code += code === 0xd7ff ? 0x801 : 1) {
      const character = String.fromCodePoint(code);
      if (!/[\p{Cf}\p{Cc}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(character)) continue;
      expect(neutralise(`a${character}b`)).toMatch(/^a\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\})b$/);
    }
  });

  it('is cut before it is made harmless, so that a flood costs nothing', () => {
    const flood = '\x1b[2J\u200b'.repeat(256 * 1024);
    // The work is what is looked at, whatever the machine's speed.
    const watched = vi.spyOn(String.prototype, 'replaceAll');
    const cut = oneLine(flood);
    const lengths = watched.mock.contexts.map((text) => String(text).length);
    watched.mockRestore();
    expect(cut).toHaveLength(401);
    expect(Math.max(...lengths)).toBeGreaterThan(0);
    expect(Math.max(...lengths)).toBeLessThan(16 * 1024);
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
