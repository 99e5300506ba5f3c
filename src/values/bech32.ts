/** Bech32 (BIP 173), as age writes its keys: the length is not limited, and only lower case is taken. */

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** How many bytes the text holds; undefined when it is none with this prefix, or when a character of it is wrong. */
export function bech32Bytes(text: string, prefix: string): number | undefined {
  if (!text.startsWith(`${prefix}1`)) return undefined;
  const digits = [...text.slice(prefix.length + 1)].map((character) => alphabet.indexOf(character));
  if (digits.length < 6 || digits.includes(-1)) return undefined;
  const codes = [...prefix].map((character) => character.charCodeAt(0));
  if (checksum([...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...digits]) !== 1)
    return undefined;
  const bits = (digits.length - 6) * 5;
  const spare = bits % 8;
  const last = digits.at(-7) ?? 0;
  return spare < 5 && (last & ((1 << spare) - 1)) === 0 ? (bits - spare) / 8 : undefined;
}

function checksum(values: readonly number[]): number {
  return values.reduce((sum, value) => {
    const mixed = ((sum & 0x1ffffff) << 5) ^ value;
    return generators.reduce((now, generator, bit) => ((sum >> 25) & (1 << bit) ? now ^ generator : now), mixed);
  }, 1);
}
