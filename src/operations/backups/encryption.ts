import * as z from 'zod';
import { bech32Bytes } from '../../values/bech32.ts';

/** An SSH key, with a comment perhaps: one line whose base64 begins with the name of its type. */
const sshEd25519 = /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}( [\x20-\x7e]*)?$/;
/** Of 2048 bits or more: age takes no shorter one. */
const sshRsa = /^ssh-rsa AAAAB3NzaC1yc2E[A-Za-z0-9+/]{345,}={0,2}( [\x20-\x7e]*)?$/;

/** A public key, so that it may stand in a playbook. A typing error must not lead to a backup that nobody can read. */
const recipient = z.string().superRefine((text, context) => {
  const say = (message: string): void => {
    context.addIssue({ code: 'custom', message });
  };
  if (/^age-secret-key-/i.test(text))
    say(
      'is a secret key, which must not stand in a playbook: give the public one (age-keygen -y FILE prints it), and make a new pair, since this one has been seen',
    );
  else if (text.startsWith('age1')) {
    if (bech32Bytes(text, 'age') !== 32)
      say('is no public key of age: it must be age1 and 58 characters, and its checksum must be right (is it whole?)');
  } else if (!sshEd25519.test(text) && !sshRsa.test(text))
    say('must be a public key: age1…, ssh-ed25519 AAAA…, or ssh-rsa AAAA… of at least 2048 bits');
});

export const recipients = z.array(recipient).min(1, 'names no recipient').max(20, 'has more than 20 recipients');

/** What a file has more when age has encrypted it: 16 bytes for each chunk of 64 KiB, the nonce, and a header that is at most so long for 20 keys. */
export function encryptedAtMost(bytes: number): number {
  return bytes + Math.ceil(bytes / 65_536) * 16 + 65_536;
}

/** For people: `2 keys`. */
export function keysOf(encryptedTo: readonly string[]): string {
  return `${String(encryptedTo.length)} key${encryptedTo.length === 1 ? '' : 's'}`;
}
