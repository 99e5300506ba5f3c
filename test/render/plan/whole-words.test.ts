import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wholeWords } from '../../../src/render/plan/whole-words.ts';

it.each<[string, Readonly<Record<string, string>>, string]>([
  ['dm-1 of dm-10, dm-1', { 'dm-1': '<d>' }, '<d> of dm-10, <d>'],
  ['a 7 of 1.7 GiB, 7.', { '7': '<id>' }, 'a <id> of 1.7 GiB, 7.'],
  ['web web-1', { web: '<n>', 'web-1': '<host>' }, '<n> <host>'],
  ['éa a éa', { a: '<x>' }, 'éa <x> éa'],
  ['𝒳a a a𝒳 a😀', { a: '<x>' }, '𝒳a <x> a𝒳 <x>😀'],
  ['aaa a', { a: '<x>' }, 'aaa <x>'],
  ['[a] $1 a|b', { 'a|b': '$1', '[a]': '$&' }, '$& $1 $1'],
])('%s', (text, replacements, expected) => {
  expect(wholeWords(new Map(Object.entries(replacements)))(text)).toBe(expected);
});

it('is what an expression for each word would do', () => {
  const piece = fc.constantFrom('a', 'ab', '7', '77', '.', '-', ' ', 'é', '😀', '$&', '|', '1.7');
  const texts = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(
      texts,
      fc.uniqueArray(
        texts.filter((text) => text !== ''),
        { maxLength: 4 },
      ),
      (text, words) => {
        const escaped = words
          .toSorted((a, b) => b.length - a.length)
          .map((word) => {
            const beside = /^\d+$/.test(word) ? String.raw`[\p{L}\p{N}.]` : String.raw`[\p{L}\p{N}]`;
            return `(?<!${beside})${word.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)}(?!${beside})`;
          });
        const expression = words.length === 0 ? undefined : new RegExp(escaped.join('|'), 'gu');
        const expected = expression === undefined ? text : text.replaceAll(expression, (found) => `<${found}>`);
        expect(wholeWords(new Map(words.map((word) => [word, `<${word}>`])))(text)).toBe(expected);
      },
    ),
  );
});
