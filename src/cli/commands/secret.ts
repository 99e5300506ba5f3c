import { Command } from '@commander-js/extra-typings';
import { editFile } from '../secret/edit.ts';
import { encryptValue } from '../secret/encrypt.ts';
import { rekeyFiles } from '../secret/rekey.ts';
import { identityOption } from '../options.ts';
import type { World } from '../world.ts';

export function secretCommand(world: World, end: (exitCode: number) => void) {
  return new Command('secret')
    .addCommand(encryptCommand(world, end))
    .addCommand(editCommand(world, end))
    .addCommand(rekeyCommand(world, end));
}

const encryptHelp = `
The secret is piped in, or typed without being shown; it is never an argument. What is printed is pasted into an
inventory or a playbook. It can be read by whoever has the secret key of one of the public keys in .age-recipients, a file
beside the inventory that is kept in git with it (here, or above within the repository), one key a line.

Examples:
  age-keygen -o ~/.config/age/key.txt
  age-keygen -y ~/.config/age/key.txt >> .age-recipients
  plimsoll secret encrypt --name become_password
  pass show token | plimsoll secret encrypt --name token`;

function encryptCommand(world: World, end: (exitCode: number) => void) {
  return new Command('encrypt')
    .description('Encrypt one value, and print it as YAML')
    .option(
      '-r, --recipient <key>',
      'encrypt to this public key (age1…) instead of .age-recipients; may be given again',
      collect,
    )
    .option(
      '--name <key>',
      'print it under this key: password, become_password or identity_passphrase of an inventory, or a variable',
    )
    .addHelpText('after', encryptHelp)
    .action(async (options) => {
      await encryptValue(world, options);
      end(0);
    });
}

const editHelp = `
The values are shown to $VISUAL or $EDITOR in a private file in memory ($XDG_RUNTIME_DIR or /dev/shm, where there is one),
which is removed when the editor ends. Only what was changed is encrypted anew; everything else stays as it is, byte by byte.

Examples:
  plimsoll secret edit inventory.yaml
  EDITOR='code --wait' plimsoll secret edit playbooks/token.yaml --identity ~/.config/age/key.txt`;

function editCommand(world: World, end: (exitCode: number) => void) {
  return new Command('edit')
    .description('Edit the encrypted values of a file')
    .argument('<file>', 'an inventory or a playbook')
    .option(
      '-r, --recipient <key>',
      'encrypt what was changed to this public key instead of .age-recipients; may be given again',
      collect,
    )
    .addOption(identityOption())
    .addHelpText('after', editHelp)
    .action(async (file, options) => {
      await editFile(world, file, options);
      end(0);
    });
}

const rekeyHelp = `
After somebody has been added to .age-recipients, or taken out of it. Whoever could read an earlier version still can: of
whom is gone, the secrets themselves have to be changed. When one value cannot be opened, no file is touched.

Examples:
  plimsoll secret rekey inventory.yaml playbooks/*.yaml
  plimsoll secret rekey inventory.yaml --identity ~/.config/age/old.txt --yes`;

function rekeyCommand(world: World, end: (exitCode: number) => void) {
  return new Command('rekey')
    .description('Encrypt all values of files anew, to the keys that may read them now')
    .argument('<file...>', 'inventories and playbooks')
    .option(
      '-r, --recipient <key>',
      'encrypt to this public key instead of .age-recipients; may be given again',
      collect,
    )
    .addOption(identityOption())
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', rekeyHelp)
    .action(async (files, options) => {
      await rekeyFiles(world, files, options);
      end(0);
    });
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
