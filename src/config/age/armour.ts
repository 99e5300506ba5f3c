/** What can be told of a value that age has encrypted without any key: whether it is whole, and for whom it is. */

const begin = '-----BEGIN AGE ENCRYPTED FILE-----';
const end = '-----END AGE ENCRYPTED FILE-----';

/** The longest secret, for as many as can be expected to read it, in base64. */
const longestArmour = 160 * 1024;
/** A nonce, and the tag of a last chunk with nothing in it. */
const leastPayload = 32;
const makesOne = 'plimsoll secret encrypt makes one';

/** The kinds of keys that a file is encrypted to; of a passphrase how long it takes to try one (a power of two). */
export interface AgeHeader {
  readonly kinds: readonly string[];
  readonly workFactor?: number;
}

/** `why` completes "it …". */
export type Armour = { readonly bytes: Uint8Array } | { readonly why: string };

/** Whether somebody means it to be one. */
export function looksEncrypted(text: string): boolean {
  return text.trimStart().startsWith(begin);
}

export function readArmour(text: string): Armour {
  const decoded = decodeArmour(text);
  if ('why' in decoded) return decoded;
  const header = readHeader(decoded.bytes);
  if ('why' in header) return header;
  const { kinds } = header;
  if (kinds.includes('scrypt'))
    return {
      why: `is encrypted with a passphrase, and a run asks for none: encrypt it to keys (${makesOne})`,
    };
  if (!kinds.some((kind) => kind === 'X25519' || kind === 'mlkem768x25519'))
    return {
      why: `is encrypted to no key of age's own (age1…), but to ${[...new Set(kinds)].join(', ')}, which only the program age opens: keep it in a file, and write { command: [age, --decrypt, --identity, KEYFILE, FILE] }; or encrypt it to a key of age's own`,
    };
  return decoded;
}

export function decodeArmour(text: string): Armour {
  if (text.length > longestArmour)
    return {
      why: `is encrypted and has ${String(text.length)} characters, more than the ${String(longestArmour)} of the longest secret`,
    };
  const lines = text.trim().split(/\r?\n/);
  if (lines[0] !== begin)
    return { why: `is none that age has encrypted: it does not begin with ${begin} (${makesOne})` };
  if (lines.at(-1) !== end)
    return { why: `is encrypted and not whole: its last line is not ${end} (is all of it there, as a block, age: |?)` };
  const body = lines.slice(1, -1);
  const wrong = body.findIndex((line, index) => !isLine(line, index === body.length - 1));
  if (body.length === 0 || wrong !== -1)
    return {
      why: `is encrypted and damaged: line ${String(Math.max(wrong, 0) + 2)} of it is not the base64 that age has written`,
    };
  return { bytes: Buffer.from(body.join(''), 'base64') };
}

function isLine(line: string, isLast: boolean): boolean {
  const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  return (
    base64.test(line) && (isLast ? line.length > 0 && line.length <= 64 : line.length === 64 && !line.endsWith('='))
  );
}

/** Of any file of age's, armoured or not. */
export function readHeader(bytes: Uint8Array): AgeHeader | { readonly why: string } {
  const damaged = { why: 'is encrypted and damaged: what age has written first in it is not whole' };
  const text = Buffer.from(bytes).toString('latin1');
  const head =
    /^age-encryption\.org\/v1\n((?:-> [\x21-\x7e ]+\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+)--- [A-Za-z0-9+/]{43}\n/.exec(
      text,
    );
  if (head === null) {
    const version = /^age-encryption\.org\/(v\d{1,9})\n/.exec(text)?.[1];
    return version === undefined || version === 'v1'
      ? damaged
      : { why: `is encrypted in the format ${version} of age, of which only v1 is known` };
  }
  if (bytes.length - head[0].length < leastPayload) return damaged;
  const stanzas = Array.from((head[1] ?? '').matchAll(/^-> (.*)$/gm), ([, args = '']) => args.split(' '));
  const work = stanzas.find(([kind]) => kind === 'scrypt')?.[2];
  return {
    kinds: stanzas.map(([kind = '']) => kind),
    ...(work === undefined ? {} : { workFactor: Number(work) }),
  };
}
