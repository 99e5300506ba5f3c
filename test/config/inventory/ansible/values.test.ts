import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { truthOf } from '../../../../src/config/inventory/ansible/values.ts';
import { pythonLiteral, pythonText } from '../../../../src/config/inventory/ansible/literal.ts';
import { WordMistake, wordsOf } from '../../../../src/config/model/words.ts';
import { plainValue } from '../../../../src/config/inventory/ansible/yaml11.ts';

describe('a value of an INI file is what Python makes of it', () => {
  it.each([
    ['22', 22],
    ['-5', -5],
    ['1_000', 1000],
    ['0x1F', 31],
    ['0o17', 15],
    ['0b11', 3],
    ['00', 0],
    ['1.50', 1.5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['2022   # moved in May', 2022],
    ['True', true],
    ['False', false],
    ['None', null],
    ['"3.9"', '3.9'],
    ["'it''s'", 'its'],
    ['\'a\' "b"', 'ab'],
    [String.raw`"tab\tnewline\n\x41\u00e9"`, 'tab\tnewline\nAé'],
    [String.raw`r'\d'`, String.raw`\d`],
    ["'''a'b'''", "a'b"],
    ["[{'name': 'x', 'on': True}, (1, 2), {3}]", [{ name: 'x', on: true }, [1, 2], [3]]],
    ["{'a': {'b': [1,],},}", { a: { b: [1] } }],
    ['1, 2', [1, 2]],
    ['(1)', 1],
    ['(1,)', [1]],
    ['()', []],
    ['{}', {}],
    ['set()', []],
    ['12345678901234567890', '12345678901234567890'],
  ])('%s', (text, value) => {
    expect(pythonLiteral(text)).toEqual({ value });
  });

  it.each([
    'true',
    'yes',
    'web',
    '10.0.0.1',
    '010',
    '1.2.3',
    '1_',
    '~/.ssh/id',
    'a b',
    "'open",
    '[1, web]',
    '{"a": 1, 2}',
    'foo # comment',
    '2 + 2',
    'b"bytes" x',
    '-web',
    '1e999',
    '$x',
    '{{ jinja }}',
    '"a" b',
    '',
    String.raw`"\xZZ"`,
    '['.repeat(200),
  ])('and otherwise stays text: %s', (text) => {
    expect(pythonLiteral(text)).toBeUndefined();
  });

  it('whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('[](){}\'",:#-+ 01_.eExob\\nTrueNoneFalse')) }),
        (text) => {
          const read = pythonLiteral(text);
          expect(read === undefined || 'value' in read).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('JSON that Python writes the same way', () => {
    const value = fc
      .jsonValue({ maxDepth: 3, noUnicodeString: true })
      .filter((one) => !/true|false|null|__proto__/.test(JSON.stringify(one)));
    fc.assert(
      fc.property(value, (one) => {
        if (typeof one !== 'number' && !JSON.stringify(one).includes('e'))
          expect(pythonLiteral(JSON.stringify(one))).toEqual({ value: JSON.parse(JSON.stringify(one)) as unknown });
      }),
    );
  });

  it('prints what is no text as Python does', () => {
    expect([true, false, null, 22, 1.5, 'x'].map(pythonText)).toEqual(['True', 'False', 'None', '22', '1.5', 'x']);
  });
});

describe('a truth value', () => {
  it.each([true, 'yes', 'Yes', ' on ', 'y', 't', 'TRUE', '1', 1, '1.0'])('%s is true', (value) => {
    expect(truthOf(value)).toBe(true);
  });
  it.each([false, 'no', 'n', 'off', 'False', 'f', '0', 0])('%s is false', (value) => {
    expect(truthOf(value)).toBe(false);
  });
  it.each(['', 'maybe', 2, null, []])('%s is neither', (value) => {
    expect(truthOf(value)).toBeUndefined();
  });
});

describe('a line is split into words as Python does it', () => {
  it.each([
    ['web1 a=b  c=d', ['web1', 'a=b', 'c=d']],
    ['web1 note="two words" x=\'a "b"\'', ['web1', 'note=two words', 'x=a "b"']],
    ['web1 # comment', ['web1']],
    ['web1 a=b#c d=e', ['web1', 'a=b']],
    ["web1 a='p#ss w=rd'", ['web1', 'a=p#ss w=rd']],
    [String.raw`a\ b "c\"d\e" 'f\g'`, ['a b', String.raw`c"d\e`, String.raw`f\g`]],
    ['a="" \'\'', ['a=', '']],
  ])('%s', (line, words) => {
    expect(wordsOf(line).map(({ text }) => text)).toEqual(words);
  });

  it('tells where each begins', () => {
    expect(wordsOf('web1  a="b c" d').map(({ at }) => at)).toEqual([0, 6, 14]);
  });

  it('takes no comment where there is none', () => {
    expect(wordsOf('a #b', false).map(({ text }) => text)).toEqual(['a', '#b']);
  });

  it.each(['a "b', "a 'b", 'a\\'])('refuses %s', (line) => {
    expect(() => wordsOf(line)).toThrow(WordMistake);
  });
});

describe('a word of YAML 1.1 is what Python makes of it', () => {
  it.each([
    ['yes', true],
    ['Off', false],
    ['y', 'y'],
    ['~', null],
    ['', null],
    ['010', 8],
    ['0x10', 16],
    ['0b11', 3],
    ['08', '08'],
    ['1_000', 1000],
    ['22:22', 1342],
    ['-1', -1],
    ['1.5', 1.5],
    ['1e3', '1e3'],
    ['1.0e+3', 1000],
    ['2024-01-01', '2024-01-01'],
    ['10.0.0.1', '10.0.0.1'],
    ['12345678901234567890', '12345678901234567890'],
  ])('%s', (text, value) => {
    expect(plainValue(text)).toEqual(value);
  });
});
