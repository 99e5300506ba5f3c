import type { AgeIdentity } from '../../facts/backups/age-identity.ts';
import { ageIdentity } from '../../facts/backups/age-identity.ts';
import type { BackupHost } from '../../facts/backups/backup-host.ts';
import type { Manifest } from '../../facts/backups/backup-shelf.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { keysOf } from './encryption.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { byHand } from '../../values/shell.ts';

export const noAge: Refusal = refuse(
  'the host has no age, which encrypts and decrypts backups',
  'install it on the host: apt-get install age',
);

/** What is to be known of the key, where one is needed. */
export function askIdentity(
  { encryptedTo }: Manifest,
  identity: string | undefined,
): FactRequest<AgeIdentity> | undefined {
  return encryptedTo === undefined || identity === undefined ? undefined : ask(ageIdentity, identity);
}

/** Why an encrypted backup cannot be opened with what the host has, as far as that can be said without opening it. `file`: what `askIdentity` has brought. */
export function judgeIdentity(
  { name, encryptedTo }: Manifest,
  identity: string | undefined,
  host: BackupHost,
  file: AgeIdentity | undefined,
): Refusal | undefined {
  if (encryptedTo === undefined) return undefined;
  if (identity === undefined || file === undefined)
    return refuse(
      `${name} is encrypted to ${shown(encryptedTo)}`,
      'say identity: the file on the host that holds the secret key of one of them; it must belong to root, with mode 0600 or 0400',
    );
  if (!host.age) return noAge;
  if (file.kind !== 'file')
    return refuse(
      `${identity} on the host is ${file.kind === 'missing' ? 'not there' : 'no file'}`,
      'bring the secret key there, for root alone (mode 0600), and remove it when all is restored',
    );
  if (!file.own || !['0600', '0400'].includes(file.mode))
    return refuse(
      `${identity} on the host ${file.own ? `has mode ${file.mode}` : 'does not belong to root'}: others may have read the key`,
      `${byHand('chown', 'root', identity)}; ${byHand('chmod', '600', identity)}`,
    );
  if (file.exposed !== undefined)
    return refuse(
      file.exposed,
      'bring the secret key to a directory that only root can write, and remove it when all is restored',
    );
  if (file.locked)
    return refuse(
      `${identity} is locked with a passphrase, and nobody is there to type it`,
      'unlock it on the host for as long as it is needed: age -d',
    );
  if (file.recipients.length > 0 && !file.recipients.some((recipient) => encryptedTo.includes(recipient)))
    return refuse(
      `${name} is encrypted to ${shown(encryptedTo)}, and ${identity} holds the key of ${shown(file.recipients)}`,
      'name the file that holds the secret key of one of these',
    );
  return undefined;
}

function shown(recipients: readonly string[]): string {
  const [first = '', ...more] = recipients.map((recipient) =>
    recipient.startsWith('age1') ? recipient : recipient.split(' ').slice(0, 2).join(' '),
  );
  const short = first.length > 80 ? `${first.slice(0, 40)}…${first.slice(-12)}` : first;
  return more.length === 0 ? short : `${keysOf(recipients)}, ${short} and others`;
}
