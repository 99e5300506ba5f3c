import { describe, expect, it } from 'vitest';
import { lineDiff } from '../../src/values/line-diff.ts';

const letters = 'abcdefghijklmnop'.split('');

describe('lineDiff', () => {
  it('of equal texts is empty', () => {
    expect(lineDiff(letters, letters)).toEqual([]);
    expect(lineDiff([], [])).toEqual([]);
  });

  it('shows three lines around a difference, and says where they are, as diff -u does', () => {
    expect(lineDiff(letters, letters.with(7, 'H'))).toEqual([
      '@@ -5,7 +5,7 @@',
      ' e',
      ' f',
      ' g',
      '-h',
      '+H',
      ' i',
      ' j',
      ' k',
    ]);
  });

  it('has a hunk for each of two distant differences', () => {
    expect(lineDiff(letters, ['A', ...letters.slice(1, -1)])).toEqual([
      '@@ -1,4 +1,4 @@',
      '-a',
      '+A',
      ' b',
      ' c',
      ' d',
      '@@ -13,4 +13,3 @@',
      ' m',
      ' n',
      ' o',
      '-p',
    ]);
  });

  it('names an empty range as diff does', () => {
    expect(lineDiff([], ['a'])).toEqual(['@@ -0,0 +1 @@', '+a']);
    expect(lineDiff(['a', 'b'], [])).toEqual(['@@ -1,2 +0,0 @@', '-a', '-b']);
  });

  it('keeps common lines between two differences', () => {
    expect(lineDiff(['a', 'x', 'b'], ['x', 'y'])).toEqual(['@@ -1,3 +1,2 @@', '-a', ' x', '-b', '+y']);
  });

  it('shows what is too long to be compared as a whole', () => {
    const lines = (mark: string): string[] => Array.from({ length: 2100 }, (_, index) => `${mark}${String(index)}`);
    const diff = lineDiff(lines('a'), lines('b'));
    expect([diff[0], diff[1], diff[2101], diff.length]).toEqual(['@@ -1,2100 +1,2100 @@', '-a0', '+b0', 4201]);
  });
});
