import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, parseBytes, parseSize, resolveSize, roundUp, SizeError } from '../../src/values/size.ts';

const GiB = 1024 ** 3;

describe('a size in bytes', () => {
  it.each([
    ['20GiB', 20 * GiB],
    ['20GB', 20 * GiB],
    ['20G', 20 * GiB],
    ['20g', 20 * GiB],
    ['20 GiB', 20 * GiB],
    ['1.5GiB', 1.5 * GiB],
    ['512MiB', 512 * 1024 ** 2],
    ['64k', 65_536],
    ['1.0009765625K', 1025],
    ['2TB', 2048 * GiB],
    ['7PiB', 7 * 1024 ** 5],
  ])('%s is %d', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each([
    ['20', 'no unit'],
    ['1.5', 'no unit'],
    ['-1GiB', 'negative'],
    ['-1', 'negative'],
    ['0GiB', 'zero'],
    ['0.0001k', 'zero'],
    ['20GiBB', 'not a size'],
    ['20iB', 'not a size'],
    ['20B', 'not a size'],
    ['20  GiB', 'not a size'],
    ['20GiB ', 'not a size'],
    [' 20GiB', 'not a size'],
    ['20GiB\n', 'not a size'],
    ['1e3GiB', 'not a size'],
    ['1,5GiB', 'not a size'],
    ['.5GiB', 'not a size'],
    ['5.GiB', 'not a size'],
    ['0x10GiB', 'not a size'],
    ['٢GiB', 'not a size'],
    ['GiB', 'not a size'],
    ['', 'not a size'],
    ['8PiB', 'too large'],
    [`${'9'.repeat(400)}GiB`, 'too large'],
  ])('%j is refused: %s', (text, why) => {
    expect(() => parseBytes(text)).toThrow(SizeError);
    expect(() => parseBytes(text)).toThrow(why);
  });
});

describe('a size as it is written', () => {
  it.each([
    ['20GiB', { kind: 'absolute', bytes: 20 * GiB }, 20 * GiB],
    ['+5GiB', { kind: 'plus', bytes: 5 * GiB }, 15 * GiB],
    ['150%', { kind: 'percent', percent: 150 }, 15 * GiB],
    ['100.5%', { kind: 'percent', percent: 100.5 }, 10.05 * GiB],
  ] as const)('%s of 10 GiB', (text, size, bytes) => {
    expect(parseSize(text)).toEqual(size);
    expect(resolveSize(parseSize(text), 10 * GiB)).toBe(Math.floor(bytes));
  });

  it.each(['100%', '50%', '0%', '10001%', '-5%', '+5', '+', '+-5GiB', '++5GiB', '+0GiB', '+50%', '%', '150 %', 'all'])(
    '%j is refused',
    (text) => {
      expect(() => parseSize(text)).toThrow(SizeError);
    },
  );
});

describe('bytes for people', () => {
  it.each([
    [0, '0 bytes'],
    [1023, '1023 bytes'],
    [1024, '1 KiB'],
    [1.5 * GiB, '1.5 GiB'],
    [20 * GiB, '20 GiB'],
    [335_544_320, '320 MiB'],
    [-5 * GiB, '-5 GiB'],
    [2 ** 60, '1024 PiB'],
  ])('%d: %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('is read back as the same size, to within what two decimals can say', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1024, max: Number.MAX_SAFE_INTEGER - 2 ** 48 }), (bytes) => {
        expect(Math.abs(parseBytes(formatBytes(bytes)) - bytes)).toBeLessThanOrEqual(Math.max(1, bytes * 0.005 + 1));
      }),
    );
  });

  it('is read back exactly when it is a whole number of a unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1023 }), fc.integer({ min: 1, max: 4 }), (number, power) => {
        expect(parseBytes(formatBytes(number * 1024 ** power))).toBe(number * 1024 ** power);
      }),
    );
  });
});

it('rounds up to a multiple, and never down', () => {
  fc.assert(
    fc.property(fc.nat(1e12), fc.constantFrom(512, 4096, 65_536), (value, multiple) => {
      const rounded = roundUp(value, multiple);
      expect([rounded % multiple, rounded >= value, rounded - value < multiple]).toEqual([0, true, true]);
    }),
  );
});
