// The format that age writes (https://age-encryption.org/v1), for keys of its own kind: what is written here the real age reads, and the other way round.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  randomBytes,
} from 'node:crypto';

const chunk = 65_536;
const label = 'age-encryption.org/v1/X25519';
const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** The bytes of a key in Bech32, whose checksum is not looked at; undefined of another one. */
export function keyBytes(text, prefix) {
  const lower = text.toLowerCase();
  const digits = [...lower.slice(prefix.length + 1, -6)].map((character) => alphabet.indexOf(character));
  if (!lower.startsWith(`${prefix}1`) || digits.length !== 52 || digits.includes(-1)) return undefined;
  const bits = digits.map((digit) => digit.toString(2).padStart(5, '0')).join('');
  return Buffer.from(
    Array.from({ length: 32 }, (_, index) => Number.parseInt(bits.slice(index * 8, index * 8 + 8), 2)),
  );
}

const privateKey = (bytes) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), bytes]),
    format: 'der',
    type: 'pkcs8',
  });
const publicKey = (bytes) =>
  createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), bytes]),
    format: 'der',
    type: 'spki',
  });
/** The public key of a secret one. */
export const publicBytes = (secret) =>
  createPublicKey(privateKey(secret)).export({ format: 'der', type: 'spki' }).subarray(12);

const derive = (key, salt, info) => Buffer.from(hkdfSync('sha256', key, salt, info, 32));
const text = (bytes) => bytes.toString('base64').replace(/=+$/, '');

function seal(key, nonce, bytes) {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  return Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when it was not sealed with this key. */
function open(key, nonce, bytes) {
  if (bytes.length < 16) return undefined;
  const cipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAuthTag(bytes.subarray(-16));
  try {
    return Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]);
  } catch {
    return undefined;
  }
}

const wrapKey = (secret, peer, share, recipient) =>
  derive(
    diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(peer) }),
    Buffer.concat([share, recipient]),
    label,
  );
const none = Buffer.alloc(12);

/** The header for these public keys, and the key of the file. */
export function makeHeader(recipients) {
  const fileKey = randomBytes(16);
  const stanzas = recipients.map((recipient) => {
    const secret = randomBytes(32);
    const share = publicBytes(secret);
    return `-> X25519 ${text(share)}\n${text(seal(wrapKey(secret, recipient, share, recipient), none, fileKey))}\n`;
  });
  const header = `age-encryption.org/v1\n${stanzas.join('')}---`;
  return { fileKey, header: Buffer.from(`${header} ${mac(fileKey, header)}\n`) };
}

const mac = (fileKey, header) =>
  text(
    createHmac('sha256', derive(fileKey, '', 'header'))
      .update(header)
      .digest(),
  );

/** The key of the file, and where its payload begins; or why not. */
export function readHeader(bytes, secrets) {
  const [, header, said] =
    /^(age-encryption\.org\/v1\n(?:-> [^\n]*\n(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)+---) ([A-Za-z0-9+/]{43})\n/.exec(
      bytes.toString('latin1'),
    ) ?? [];
  if (header === undefined) {
    const [intro = ''] = /^[^\n]*\n?/.exec(bytes.toString('latin1')) ?? [];
    const why =
      intro === 'age-encryption.org/v1\n'
        ? 'failed to read line'
        : intro.endsWith('\n')
          ? `unexpected intro: ${JSON.stringify(intro)}`
          : 'failed to read intro: EOF';
    return { problem: `failed to read header: parsing age header: ${why}` };
  }
  for (const [, share, body] of header.matchAll(/^-> X25519 (\S+)\n(\S+)$/gm)) {
    for (const secret of secrets) {
      const point = Buffer.from(share, 'base64');
      const fileKey = open(wrapKey(secret, point, point, publicBytes(secret)), none, Buffer.from(body, 'base64'));
      if (fileKey === undefined) continue;
      return mac(fileKey, header) === said ? { fileKey, from: header.length + 45 } : { problem: 'bad header MAC' };
    }
  }
  return { problem: 'no identity matched any of the recipients' };
}

/** Turns a payload's chunks, 64 KiB each in the clear, into what they are on the other side; undefined for one that is not what was encrypted. */
export function payload(fileKey, nonce, decrypts) {
  const key = derive(fileKey, nonce, 'payload');
  let count = 0;
  return {
    size: decrypts ? chunk + 16 : chunk,
    turn(bytes, last) {
      const at = Buffer.alloc(12);
      at.writeUIntBE(count++, 5, 6);
      at[11] = last ? 1 : 0;
      return decrypts ? open(key, at, bytes) : seal(key, at, bytes);
    },
  };
}
