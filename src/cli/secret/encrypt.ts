import { resolve } from 'node:path';
import { findRecipients, givenRecipients, type Recipients } from '../../config/age/recipients.ts';
import { valueText } from '../../config/age/encrypted-values.ts';
import { identifier } from '../../config/inventory/inventory-schema.ts';
import { longestSecret } from '../../config/secret-source.ts';
import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { askHidden, type World } from '../world.ts';

export interface RecipientWishes {
  readonly recipient?: readonly string[] | undefined;
}

const settings = ['password', 'become_password', 'identity_passphrase'];

export async function encryptValue(
  world: World,
  { recipient, name }: RecipientWishes & { readonly name?: string | undefined },
): Promise<void> {
  if (name !== undefined && !identifier.test(name))
    throw new AppError('usage', '--name is none that a variable can have', {
      hint: 'use letters, digits and _; the secret itself is piped in, or typed when it is asked for',
    });
  const recipients = await recipientsFor(world, resolve('.'), recipient);
  const text = await readSecret(world);
  const why = whyNoSecret(text);
  if (why !== undefined) throw new AppError('usage', `the secret ${why}`);
  const { encryptTo } = await import('../../config/age/age.ts');
  const armour = await encryptTo(recipients.keys, text);
  const keys = name === undefined ? [] : settings.includes(name) ? [name] : [name, 'secret'];
  world.err.write(`encrypted for ${keysOf(recipients)}\n`);
  world.out.write(valueText(armour, keys));
}

/** Those given, or those of the directory. */
export async function recipientsFor(
  { io }: Pick<World, 'io'>,
  directory: string,
  given: readonly string[] | undefined,
): Promise<Recipients> {
  return given === undefined ? await findRecipients(directory, io) : await givenRecipients(given);
}

/** For people: `2 keys of .age-recipients`. */
export function keysOf({ keys, from }: Recipients): string {
  return `${String(keys.length)} key${keys.length === 1 ? '' : 's'} of ${oneLine(from)}`;
}

/** What nobody could use later; completes "the secret …". */
export function whyNoSecret(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.includes('\0')) return 'has a NUL character, which no program can be given';
  return text.length > longestSecret ? `has more than ${String(longestSecret)} characters` : undefined;
}

/** One line feed at the end is the pipe's, as it is a file's. */
async function readSecret(world: World): Promise<string> {
  const asked = askHidden(world);
  if (asked !== undefined) {
    const text = await asked('Secret: ');
    if ((await asked('Once more: ')) !== text)
      throw new AppError('usage', 'the two are not the same: nothing was encrypted');
    return text;
  }
  const bytes = (await world.readInput?.(longestSecret * 4)) ?? new Uint8Array();
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    throw new AppError('usage', 'the secret is no UTF-8 text, or too long for one');
  }
}
