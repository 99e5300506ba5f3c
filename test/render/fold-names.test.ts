import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldNames } from '../../src/render/fold-names.ts';
import { expandNames } from './expand-names.ts';

const numbered = (prefix: string, from: number, to: number, width = 0, suffix = ''): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${String(from + index).padStart(width, '0')}${suffix}`);

describe('foldNames', () => {
  it.each([
    [[], ''],
    [['db'], 'db'],
    [['db-1'], 'db-1'],
    [numbered('web-', 1, 40, 2), 'web-[01-40]'],
    [numbered('web-', 8, 12), 'web-[8-12]'],
    [numbered('web-', 98, 102, 2), 'web-[98-102]'],
    [numbered('web-', 1, 120, 2), 'web-[01-120]'],
    [['web-01', 'web-03', 'web-04', 'web-07'], 'web-[01,03-04,07]'],
    [['web-09', 'web-10', 'web-9'], 'web-[9,09-10]'],
    [['web-1', 'db', 'web-2'], 'web-[1-2], db'],
    [numbered('web-', 1, 9, 2, '.eu2.example.com'), 'web-[01-09].eu2.example.com'],
    [['r1-n1', 'r1-n2', 'r2-n1', 'r2-n2'], 'r1-n[1-2], r2-n[1-2]'],
    [['10.0.0.1', '10.0.0.2', '10.0.1.1'], '10.0.0.[1-2], 10.0.1.1'],
    [['i-20261120143055001', 'i-20261120143055002'], 'i-20261120143055001, i-20261120143055002'],
  ])('%j → %s', (names, folded) => {
    expect(foldNames(names)).toBe(folded);
  });

  it('counts what it does not name', () => {
    expect(foldNames([...numbered('a-', 1, 3), 'x', 'y', ...numbered('b-', 1, 9)], 2)).toBe('a-[1-3], x, and 10 more');
  });

  it('expands to exactly the names', () => {
    const digits = fc.oneof(
      fc.nat(30).map(String),
      fc.nat(30).map((value) => String(value).padStart(2, '0')),
      fc.nat(130).map((value) => String(value).padStart(3, '0')),
      fc.nat().map(String),
    );
    const word = fc.constantFrom('web-', 'db-', 'r1-web', 'n', '', 'a.');
    const name = fc
      .tuple(word, digits, fc.constantFrom('', '.example.com', '-eu2', '-x'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 60 }), (names) => {
        expect(expandNames(foldNames(names)).toSorted()).toEqual(names.toSorted());
      }),
      { numRuns: 200 },
    );
  });
});
