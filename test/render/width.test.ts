import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, textWidth } from '../../src/render/width.ts';

describe('cut', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['漢字', 4, '漢字'],
    ['漢字漢', 4, '漢…'],
    ['漢字', 1, '…'],
    ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['🚀🚀', 3, '🚀…'],
    ['abc', 0, ''],
    ['', 5, ''],
  ])('%j in %i columns is %j', (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected);
  });

  it('never exceeds the columns, and keeps what fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(60), (text, columns) => {
        expect(textWidth(cut(text, columns))).toBeLessThanOrEqual(columns);
        if (textWidth(text) <= columns && columns > 0) expect(cut(text, columns)).toBe(text);
      }),
    );
  });
});
