import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Identities } from '../../../src/transport/ssh/identities.ts';
import { hashOf, offersOf } from '../../../src/transport/ssh/signatures.ts';
import { Secret } from '../../../src/values/secret.ts';

const directory = mkdtempSync(join(tmpdir(), 'plimsoll-identities-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const pairs = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ed25519: generateKeyPairSync('ed25519'),
};

function write(name: string, type: keyof typeof pairs, passphrase?: string): string {
  const file = join(directory, name);
  const locked = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  writeFileSync(file, pairs[type].privateKey.export({ type: 'pkcs8', format: 'pem', ...locked }));
  return file;
}

async function read(file: string, passphrase?: string): Promise<unknown> {
  const identity = await new Identities().read(file, passphrase === undefined ? undefined : new Secret(passphrase));
  return 'key' in identity ? identity.key : identity.problem;
}

describe('key files in PKCS#8', () => {
  it.each(['rsa', 'ec', 'ed25519'] as const)('are read, open or encrypted: %s', async (type) => {
    const { publicKey } = pairs[type];
    const data = Buffer.from('what is signed');
    for (const passphrase of [undefined, 'open sesame']) {
      const file = write(`${type}-${String(passphrase)}`, type, passphrase);
      const identity = await new Identities().read(file, passphrase === undefined ? undefined : new Secret(passphrase));
      if (!('key' in identity)) throw new Error(identity.problem);
      const signature = identity.key.sign(data, type === 'rsa' ? 'sha512' : undefined);
      const hash = { rsa: 'sha512', ec: 'sha384', ed25519: undefined }[type];
      expect(verify(hash, data, publicKey, signature)).toBe(true);
      expect(verify(hash, data, publicKey, sign(hash, data, pairs[type].privateKey))).toBe(true);
    }
  });

  it('say what is the matter with the passphrase', async () => {
    const file = write('locked', 'ec', 'open sesame');
    expect(await read(file)).toMatch(/locked: it is encrypted and no passphrase is set$/);
    expect(await read(file, 'wrong')).toMatch(/locked: the passphrase does not open it$/);
  });

  it('say so when they hold what ssh has no use for, or nothing', async () => {
    const file = join(directory, 'x25519');
    writeFileSync(file, generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(await read(file)).toMatch(/no private key that can be used \(ssh has no keys of the type x25519\)/);
    writeFileSync(file, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
    expect(await read(file)).toMatch(/no private key that can be used/);
  });
});

describe('the ways to offer a key', () => {
  it('are two for RSA, SHA-512 first, and one for others', async () => {
    const [rsa, ec] = await Promise.all(
      (['rsa', 'ec'] as const).map(async (type) => {
        const identity = await new Identities().read(write(`offer-${type}`, type), undefined);
        if (!('key' in identity)) throw new Error(identity.problem);
        return identity.key;
      }),
    );
    if (rsa === undefined || ec === undefined) throw new Error('no keys');
    const { first, last } = offersOf(rsa);
    expect([first.type, hashOf(first), last]).toEqual(['rsa-sha2-512', 'sha512', rsa]);
    expect(first.getPublicSSH()).toEqual(rsa.getPublicSSH());
    const data = Buffer.from('what is signed');
    expect(verify('sha512', data, pairs.rsa.publicKey, first.sign(data))).toBe(true);
    expect(offersOf(ec)).toEqual({ first: ec, last: undefined });
  });
});
