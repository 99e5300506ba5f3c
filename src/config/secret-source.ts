import { Secret } from '../values/secret.ts';
import type { KeyringEntry } from '../values/secret-reference.ts';
import { byHand, commandLine } from '../values/shell.ts';
import type { AgeKeys } from './age/keys.ts';
import { whyUnreadable, type ConfigIo } from './model/io.ts';
import type { Place, SecretSource } from './model/types.ts';

/** `why` completes "a secret …". */
export type Answer = { readonly secret: Secret } | { readonly why: string };

interface SourceOptions {
  readonly noCommands?: boolean;
  readonly running?: (line: string, place: Place) => void;
  readonly keys: AgeKeys;
  readonly identities: readonly string[];
}

/** Longer than any key or token; its encodings have to be looked for in everything that a host prints. */
export const longestSecret = 16 * 1024;

export async function readSource(
  source: SecretSource,
  place: Place,
  io: ConfigIo,
  { noCommands = false, running, keys, identities }: SourceOptions,
): Promise<Answer> {
  const ran = async (argv: readonly string[], remedy: string): Promise<Answer> => {
    const [program = ''] = argv;
    if (noCommands) return { why: `is to come from the command ${program}, and --no-secret-commands is given` };
    running?.(commandLine(argv), place);
    try {
      const { status, stdout } = await io.runCommand(argv);
      // What the command printed is not repeated: it may be the secret, or a part of it.
      return status === 0
        ? secretFrom(stdout, `the command ${program}`)
        : { why: `is to come from the command ${program}, which ended with status ${String(status)}${remedy}` };
    } catch (thrown) {
      return { why: `is to come from the command ${program}, but ${whyUnreadable(thrown)}` };
    }
  };
  switch (source.kind) {
    case 'text':
      return { secret: source.secret };
    case 'env': {
      const value = io.env[source.name];
      return value === undefined || value === ''
        ? { why: `is to come from the environment variable ${source.name}, which is not set` }
        : checked(value, `the environment variable ${source.name}`);
    }
    case 'file':
      try {
        return secretFrom(
          new TextDecoder('utf-8', { fatal: true }).decode(await io.readFile(source.path)),
          `the file ${source.path}`,
        );
      } catch (thrown) {
        return { why: `is to come from the file ${source.path}, but ${whyUnreadable(thrown)}` };
      }
    case 'command':
      return await ran(source.argv, '');
    case 'keyring': {
      const program = keyringProgram(source, io.platform);
      return 'why' in program ? program : await ran(program.argv, program.remedy);
    }
    case 'age': {
      const opened = await keys.open(source.armour, identities);
      if ('why' in opened) return opened;
      return opened.text === ''
        ? { why: 'is encrypted, and nothing is in it' }
        : checked(opened.text, 'an encrypted value');
    }
  }
}

/** What looks an entry up; both programs print it and nothing else. `remedy` goes on with what went wrong. */
function keyringProgram(
  { service, account }: KeyringEntry,
  platform = 'linux',
): { readonly argv: readonly string[]; readonly remedy: string } | { readonly why: string } {
  if (platform === 'win32')
    return {
      why: 'is to come from the keyring, and Windows has no program that prints an entry of its own: use { command: [...] } with one that does',
    };
  if (platform === 'darwin')
    return {
      argv: ['security', 'find-generic-password', '-w', '-s', service, '-a', account],
      remedy: `: is there such an entry? (${byHand('security', 'add-generic-password', '-s', service, '-a', account, '-w')} makes it)`,
    };
  return {
    argv: ['secret-tool', 'lookup', 'service', service, 'account', account],
    remedy: `: is there such an entry, and is the keyring open? (${byHand('secret-tool', 'store', '--label', service, 'service', service, 'account', account)} makes it)`,
  };
}

function secretFrom(text: string, from: string): Answer {
  const value = text.replace(/\r?\n$/, '');
  return value === '' ? { why: `is to come from ${from}, which gave nothing` } : checked(value, from);
}

function checked(value: string, from: string): Answer {
  if (value.length > longestSecret)
    return { why: `is to come from ${from}, which gave more than ${String(longestSecret)} characters` };
  return value.includes('\0')
    ? { why: `is to come from ${from}, which gave a NUL character` }
    : { secret: new Secret(value) };
}
