import { armor } from 'age-encryption';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readArmour, readHeader } from '../../../src/config/age/armour.ts';
import { encrypted, newPair, withHeader, withPassphrase } from './pairs.ts';

describe('what can be told of an encrypted value without a key', () => {
  let whole: string;
  beforeAll(async () => {
    whole = await encrypted('hunter2', (await newPair()).recipient, (await newPair('hybrid')).recipient);
  });
  const why = (text: string): string => {
    const read = readArmour(text);
    return 'why' in read ? read.why : '';
  };

  it('that it is whole, also indented by nothing but line feeds, and from Windows', () => {
    expect(readArmour(whole)).toEqual({ bytes: Buffer.from(armor.decode(whole)) });
    expect(why(`\n${whole}\n\n`)).toBe('');
    expect(why(whole.replaceAll('\n', '\r\n'))).toBe('');
  });

  it.each([
    ['cut at its end', (text: string) => text.split('\n').slice(0, -2).join('\n'), /not whole: its last line/],
    ['cut in its middle', (text: string) => text.split('\n').toSpliced(3, 1).join('\n'), /damaged/],
    ['without its beginning', (text: string) => text.split('\n').slice(1).join('\n'), /none that age has encrypted/],
    ['with a strange letter', (text: string) => text.replace(/\n(.)/, '\n!'), /line 2 of it is not the base64/],
    ['with a line that is joined', (text: string) => text.replace(/(\n.{64})\n/, '$1'), /line 2 of it/],
    ['nothing between', (text: string) => text.replace(/\n[^-]*\n(?=---)/, '\n'), /line 2 of it/],
    ['huge', (text: string) => text + 'A'.repeat(200_000), /more than the 163840 of the longest secret/],
  ])('%s', (_name, change, expected) => {
    expect(why(change(whole))).toMatch(expected);
  });

  it('that nobody could be asked for its passphrase, however long trying one would take', async () => {
    expect(why(armor.encode(await withPassphrase('x', 'y')))).toMatch(/with a passphrase, and a run asks for none/);
    const bomb = withHeader(['age-encryption.org/v1', `-> scrypt ${'A'.repeat(22)} 40`, 'A'.repeat(43)]);
    expect(why(bomb)).toMatch(/with a passphrase/);
    expect(readHeader(armor.decode(bomb))).toEqual({ kinds: ['scrypt'], workFactor: 40 });
  });

  it('that only age itself opens it', () => {
    const ssh = withHeader(['age-encryption.org/v1', '-> ssh-ed25519 abcd efgh', 'A'.repeat(43)]);
    expect(why(ssh)).toMatch(/to no key of age's own \(age1…\), but to ssh-ed25519, .*command: \[age, --decrypt/);
    expect(why(withHeader(['age-encryption.org/v2', '-> X25519 a', 'A'.repeat(43)]))).toMatch(/format v2 of age/);
  });

  it('never anything of a text that was changed anywhere in its header, and never an error', () => {
    const bytes = Buffer.from(armor.decode(whole));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(200), (at, by, cut) => {
        const changed = Buffer.from(bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut : 0)));
        if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ by;
        expect(readArmour(armor.encode(changed))).toSatisfy((read: object) => 'why' in read || 'bytes' in read);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(readArmour(text)).toHaveProperty('why');
      }),
    );
  });
});
