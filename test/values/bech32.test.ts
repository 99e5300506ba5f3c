import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bech32Bytes } from '../../src/values/bech32.ts';

/** Of age itself. */
const keys = [
  'age1mg9dsaugwzdz4sdq5yj02dq70atj776az3t2cqnkjqyd06mmj97q668f3p',
  'age1cyjd32e736gyct3l6wxjwd27fflph4lscex5xfrkgfsettmzupkqny74x7',
];

describe('bech32Bytes', () => {
  it.each(keys)('%s holds 32 bytes', (key) => {
    expect(bech32Bytes(key, 'age')).toBe(32);
  });

  // Of BIP 173, with the prefixes that it names.
  it.each([
    ['a12uel5l', 'a', 0],
    ['abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw', 'abcdef', 20],
    ['split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w', 'split', 30],
  ])('%s is valid', (text, prefix, bytes) => {
    expect(bech32Bytes(text, prefix)).toBe(bytes);
  });

  it('finds every wrong character, and one that is missing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...keys),
        fc.integer({ min: 4, max: 61 }),
        fc.constantFrom(...'qpzry9x8gf2tvdw0s3jn54khce6mua7lbioQ1 '.split('')),
        (key, at, character) => {
          const changed = key.slice(0, at) + character + key.slice(at + 1);
          expect(bech32Bytes(changed, 'age')).toBe(changed === key ? 32 : undefined);
          expect(bech32Bytes(key.slice(0, at) + key.slice(at + 1), 'age')).toBe(undefined);
        },
      ),
    );
  });

  it.each(['', 'age', 'age1', 'age1qqqqqq', (keys[0] ?? '').toUpperCase(), `${keys[0] ?? ''}\n`])(
    '%j is none',
    (text) => {
      expect(bech32Bytes(text, 'age')).toBe(undefined);
    },
  );
});
