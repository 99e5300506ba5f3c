import { createPrivateKey, type KeyObject } from 'node:crypto';

/** A text that ssh2 reads, of a private key in PKCS#8, which it does not; other texts as they are. Throws Node's error. */
export function fromPkcs8(text: string, passphrase: string | undefined): string {
  if (!isPkcs8(text)) return text;
  if (passphrase === undefined && text.includes('BEGIN ENCRYPTED')) throw new Error('no passphrase given');
  const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  const type = key.asymmetricKeyType;
  if (type === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString();
  if (type === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString();
  if (type === 'ed25519') return openSshEd25519(key);
  throw new Error(`ssh has no keys of the type ${String(type)}`);
}

function isPkcs8(text: string): boolean {
  return /^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/m.test(text);
}

/** There is no older form for it than OpenSSH's own (PROTOCOL.key in its source), here without encryption. */
function openSshEd25519(key: KeyObject): string {
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const type = string(Buffer.from('ssh-ed25519'));
  const check = Buffer.alloc(8);
  const secrets = Buffer.concat([
    check,
    type,
    string(point),
    string(Buffer.concat([seed, point])),
    string(Buffer.alloc(0)),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secrets.length % 8)) % 8 }, (_, index) => index + 1));
  const none = string(Buffer.from('none'));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    none,
    none,
    string(Buffer.alloc(0)),
    number(1),
    string(Buffer.concat([type, string(point)])),
    string(Buffer.concat([secrets, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

function string(bytes: Buffer): Buffer {
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
