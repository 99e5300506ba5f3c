import { dirname } from 'node:path';
import type { EncryptedValue } from '../../config/age/encrypted-values.ts';
import { parseYaml } from '../../config/yaml/yaml.ts';
import { AppError } from '../../errors.ts';
import { isObject } from '../../values/json.ts';
import { neutralise } from '../../values/terminal.ts';
import type { SecretWishes } from '../secrets.ts';
import type { World } from '../world.ts';
import { keysOf, recipientsFor, type RecipientWishes, whyNoSecret } from './encrypt.ts';
import { EncryptedFiles, type OpenedFile, replaceFiles } from './encrypted-files.ts';
import { type PrivateFile, runEditor, withPrivateFile } from './private-file.ts';
import { canOpen, encryptAnew, valuesOf } from './rekey.ts';

type Change = readonly [EncryptedValue, string];

export async function editFile(
  world: World,
  file: string,
  wishes: RecipientWishes & Pick<SecretWishes, 'identity'>,
): Promise<void> {
  const encryptedFiles = new EncryptedFiles(world, wishes);
  const [opened] = await encryptedFiles.open([file]);
  if (opened === undefined) throw new AppError('internal', `${file} was opened, and is not there`);
  // Known before anything is typed.
  const recipients = await recipientsFor(world, dirname(opened.path), wishes.recipient);
  const changes = await withPrivateFile(world, 'values.yaml', asText(opened), (shown) => edited(world, opened, shown));
  if (changes.length === 0) {
    world.out.write('Nothing was changed.\n');
    return;
  }
  const { bytes, armours } = await encryptAnew(opened, changes, recipients);
  await replaceFiles([{ opened, bytes }]);
  world.out.write(
    neutralise(
      `${file}: ${valuesOf(changes.length)} encrypted anew, for ${keysOf(recipients)}: ${changes.map(([value]) => keyOf(value)).join(', ')}\n`,
    ),
  );
  if (!(await canOpen(encryptedFiles, opened, armours[0] ?? '')))
    world.err.write('warning: none of these keys is yours: you will not be able to read what you have changed\n');
}

/** What was changed; asks to go on where it is not understood any more and somebody can be asked. */
async function edited(world: World, opened: OpenedFile, shown: PrivateFile): Promise<readonly Change[]> {
  for (;;) {
    await runEditor(world, shown.path);
    const read = changesIn(await shown.read(), opened);
    if ('changes' in read) return read.changes;
    const message = `what was edited is not taken: ${read.mistakes.join('; ')}`;
    if (!world.interactive) throw new AppError('usage', `${message}. Nothing was changed`);
    world.err.write(neutralise(`${message}\n`));
    if (/^n/i.test((await world.ask('Edit it again? [Y/n] ')).trim()))
      throw new AppError('interrupted', 'nothing was changed');
  }
}

function keyOf({ name, place: { line, column } }: EncryptedValue): string {
  return `${name} (${String(line)}:${String(column)})`;
}

/** Each value under the keys that lead to it. */
function asText({ encrypted: { file }, texts }: OpenedFile): string {
  const head = `# The encrypted values of ${neutralise(file).replaceAll('\n', ' ')}, each with its line there. What you change is encrypted anew when the\n# editor ends; a line break at the end of a value is none of it. To add or remove a value, edit the file itself.\n`;
  return head + Array.from(texts, ([value, text]) => `${JSON.stringify(keyOf(value))}: ${scalarText(text)}\n`).join('');
}

/** As it is, line by line, where YAML gives it back like that; otherwise in quotes. */
function scalarText(text: string): string {
  const isPlain = /^[^\s\p{C}][^\p{Cc}\p{Cs}]*$/u.test(text.replaceAll('\n', '')) && !/^\s|\s$/.test(text);
  return isPlain
    ? `|-\n${text
        .split('\n')
        .map((line) => (line === '' ? '' : `  ${line}`))
        .join('\n')}`
    : JSON.stringify(text);
}

/** The mistakes say nothing of what is in the values. */
function changesIn(
  bytes: Uint8Array,
  { texts }: OpenedFile,
): { readonly changes: readonly Change[] } | { readonly mistakes: readonly string[] } {
  const { yaml, issues } = parseYaml('values.yaml', bytes);
  if (yaml === undefined)
    return { mistakes: issues.map(({ line }) => `it is no YAML any more in line ${String(line ?? 1)}`) };
  const found = isObject(yaml.value) ? yaml.value : {};
  const known = new Map(Array.from(texts, ([value, text]) => [keyOf(value), { value, text }] as const));
  const mistakes: string[] = [];
  for (const [index, key] of Object.keys(found).entries())
    if (!known.has(key))
      mistakes.push(
        `entry ${String(index + 1)} has a key that was not there: to add a value, plimsoll secret encrypt makes it`,
      );
  const changes: Change[] = [];
  for (const [key, { value, text }] of known) {
    const now = Object.hasOwn(found, key) ? found[key] : undefined;
    const why = typeof now === 'string' ? whyNoSecret(now) : 'is no text: write it in quotes, or as a block (|-)';
    if (now === undefined) mistakes.push(`${key} is gone: to remove a value, remove it from the file itself`);
    else if (typeof now !== 'string' || (why !== undefined && now !== text)) mistakes.push(`${key} ${why ?? ''}`);
    else if (now !== text) changes.push([value, now]);
  }
  return mistakes.length > 0 ? { mistakes } : { changes };
}
