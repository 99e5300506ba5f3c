import { armor, Decrypter, Encrypter } from 'age-encryption';

/** The only importer of the library; itself imported when there is something to decrypt or to encrypt, and not before. */

/** Node 20.19 says each time that the X25519 of its Web Crypto may change: to an operator that means nothing. */
process.emitWarning = new Proxy(process.emitWarning.bind(process), {
  apply(emit, _self, args: readonly unknown[]) {
    if (!String(args[0]).startsWith('The X25519 Web Crypto API')) Reflect.apply(emit, undefined, args);
  },
});

/** Opens what is encrypted to one of these keys: `none` where it is encrypted to others. Rejects when it is damaged. */
export type Opener = (bytes: Uint8Array) => Promise<Uint8Array | 'none'>;

/** Throws when one of them is no key. */
export function openerWith(identities: readonly string[]): Opener {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  return openerOf(decrypter);
}

export function openerWithPassphrase(passphrase: string): Opener {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  return openerOf(decrypter);
}

function openerOf(decrypter: Decrypter): Opener {
  return async (bytes) => {
    try {
      return await decrypter.decrypt(bytes);
    } catch (thrown) {
      if (thrown instanceof Error && thrown.message === "no identity matched any of the file's recipients")
        return 'none';
      throw thrown;
    }
  };
}

/** Throws when it is none that can be encrypted to. */
export function checkRecipient(recipient: string): void {
  new Encrypter().addRecipient(recipient);
}

/** Armoured. */
export async function encryptTo(recipients: readonly string[], text: string): Promise<string> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return armor.encode(await encrypter.encrypt(text));
}
