import { dirname } from 'node:path';
import type { Recipients } from '../../config/age/recipients.ts';
import { AppError } from '../../errors.ts';
import { neutralise } from '../../values/terminal.ts';
import { confirmation } from '../continue-command.ts';
import type { SecretWishes } from '../secrets.ts';
import type { World } from '../world.ts';
import { keysOf, recipientsFor, type RecipientWishes } from './encrypt.ts';
import { EncryptedFiles, type OpenedFile, replaceFiles } from './encrypted-files.ts';

interface RekeyWishes extends RecipientWishes, Pick<SecretWishes, 'identity'> {
  readonly yes?: true | undefined;
}

/** Everything is opened and encrypted before the first file is touched. */
export async function rekeyFiles(world: World, files: readonly string[], wishes: RekeyWishes): Promise<void> {
  const confirm = confirmation(world, wishes, 'Encrypt them anew?');
  confirm.ready();
  const encryptedFiles = new EncryptedFiles(world, wishes);
  const opened = await encryptedFiles.open(files);
  const fresh = [];
  for (const one of opened) {
    const recipients = await recipientsFor(world, dirname(one.path), wishes.recipient);
    const { bytes, armours } = await encryptAnew(one, [...one.texts], recipients);
    world.err.write(neutralise(`${one.encrypted.file}: ${valuesOf(armours.length)}, for ${keysOf(recipients)}\n`));
    for (const key of recipients.keys) world.err.write(neutralise(`  ${key}\n`));
    if (!(await canOpen(encryptedFiles, one, armours[0] ?? '')))
      world.err.write(
        neutralise(`warning: ${one.encrypted.file}: none of these is yours: you will not be able to read it\n`),
      );
    fresh.push({ opened: one, bytes });
  }
  if (!(await confirm.ask())) throw new AppError('interrupted', 'nothing was changed');
  await replaceFiles(fresh);
  for (const { opened: one } of fresh)
    world.out.write(neutralise(`${one.encrypted.file}: ${valuesOf(one.texts.size)} encrypted anew.\n`));
}

/** The file with these values in the places of the old ones. */
export async function encryptAnew(
  { encrypted }: OpenedFile,
  texts: readonly (readonly [OpenedFile['encrypted']['values'][number], string])[],
  recipients: Recipients,
): Promise<{ readonly bytes: Uint8Array; readonly armours: readonly string[] }> {
  const { encryptTo } = await import('../../config/age/age.ts');
  const fresh = new Map<OpenedFile['encrypted']['values'][number], string>();
  for (const [value, text] of texts) fresh.set(value, await encryptTo(recipients.keys, text));
  return { bytes: encrypted.replaced(fresh), armours: [...fresh.values()] };
}

export async function canOpen({ keys }: EncryptedFiles, { identities }: OpenedFile, armour: string): Promise<boolean> {
  return 'text' in (await keys.open(armour, identities));
}

export function valuesOf(count: number): string {
  return `${String(count)} value${count === 1 ? '' : 's'}`;
}
