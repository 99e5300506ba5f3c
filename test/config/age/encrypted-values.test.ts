import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readEncrypted, valueText } from '../../../src/config/age/encrypted-values.ts';
import { parseYaml } from '../../../src/config/yaml/yaml.ts';
import { encrypted, newPair } from './pairs.ts';

describe('the encrypted values of a file', () => {
  let old: string;
  let fresh: string;
  beforeAll(async () => {
    const { recipient } = await newPair();
    old = await encrypted('one', recipient);
    fresh = await encrypted('two', recipient, recipient);
  });
  const block = (armour: string, indent: number): string =>
    armour
      .trimEnd()
      .split('\n')
      .map((line) => ' '.repeat(indent) + line)
      .join('\n');
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('are found by their keys, each once, and replaced in their place; all else stays, byte by byte', () => {
    const text = (armour: (indent: number) => string, quoted: string): string =>
      `\ufeff# the fleet\n\nage_identities: ~/k\nhosts:\n  a: # first\n    password:\n      age: |-\n\n${armour(12)}\n\n\n    # second\n    vars: { x:   1, token: {secret: {age: ${quoted}}} }\n  b:\n    become_password: &shared\n     age: |\n${armour(6)}\n    port:   22   \n  c: {become_password: *shared, vars: {age: "42", other: {age: plain}}}\n`;
    const file = readEncrypted('f.yaml', bytesOf(text((indent) => block(old, indent), JSON.stringify(old))));
    const lines = new TextDecoder().decode(file.bytes).split('\n');
    expect(file.values.map(({ name, place: { line } }) => [name, lines[line - 1]?.trim().slice(0, 6)])).toEqual([
      ['hosts.a.password', 'age: |'],
      ['hosts.a.vars.token', 'vars: '],
      ['hosts.b.become_password', 'age: |'],
    ]);
    expect(file.identities).toEqual(['~/k']);
    const all = file.replaced(new Map(file.values.map((value) => [value, fresh])));
    const wanted = text((indent) => block(fresh, indent), JSON.stringify(fresh)).replace('|-\n\n', '|-\n');
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(all)).toBe(wanted);
    expect(file.replaced(new Map())).toEqual(file.bytes);
  });

  it('keep the line ends of their file', () => {
    const text = (armour: string): string =>
      `a:\r\n  age: |\r\n${block(armour, 4).replaceAll('\n', '\r\n')}\r\nb: 1\r\n`;
    const file = readEncrypted('f.yaml', bytesOf(text(old)));
    const replaced = file.replaced(new Map(file.values.map((value) => [value, fresh])));
    expect(new TextDecoder().decode(replaced)).toBe(text(fresh));
  });

  it('are printed as YAML that says the same', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z_]{1,8}$/), { maxLength: 3 }), (keys) => {
        const { yaml } = parseYaml('f', bytesOf(valueText(old, keys)));
        expect(yaml?.value).toEqual(keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), { age: old }));
      }),
    );
  });
});
