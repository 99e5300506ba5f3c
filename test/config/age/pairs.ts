import { armor, Encrypter, generateHybridIdentity, generateIdentity, identityToRecipient } from 'age-encryption';

/** A pair of keys, as age-keygen makes them. */
export interface Pair {
  readonly identity: string;
  readonly recipient: string;
  /** What it writes into a file. */
  readonly file: string;
}

export async function newPair(kind: 'X25519' | 'hybrid' = 'X25519'): Promise<Pair> {
  const identity = await (kind === 'hybrid' ? generateHybridIdentity() : generateIdentity());
  const recipient = await identityToRecipient(identity);
  return { identity, recipient, file: `# created: today\n# public key: ${recipient}\n${identity}\n` };
}

/** Armoured; of what the program itself never makes, too. */
export async function encrypted(text: string | Uint8Array, ...recipients: readonly string[]): Promise<string> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}

/** As `age -p` makes it, which takes longer. */
export async function withPassphrase(text: string, passphrase: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(2);
  return await encrypter.encrypt(text);
}

/** With this header in the place of its own. */
export function withHeader(lines: readonly string[]): string {
  const header = `${lines.join('\n')}\n--- ${'A'.repeat(43)}\n`;
  return armor.encode(Buffer.concat([Buffer.from(header), Buffer.alloc(48, 7)]));
}
