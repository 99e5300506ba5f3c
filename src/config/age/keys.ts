import { AppError } from '../../errors.ts';
import { whyUnreadable, type ConfigIo } from '../model/io.ts';
import type { Opener } from './age.ts';
import { decodeArmour, looksEncrypted, readArmour, readHeader } from './armour.ts';

/** `why` completes "it …". */
export type Opened = { readonly text: string } | { readonly why: string };

/** A file of keys; `why` completes "FILE …". */
type Loaded = { readonly open: Opener } | { readonly why: string };

/** Asks whoever sits in front of it, without showing what is typed; undefined where there is nobody. */
export type AskPassphrase = (question: string) => Promise<string>;

/** A key has 74 characters, one against quantum computers not many more. */
const longestFile = 256 * 1024;
/** About eight seconds and 1 GiB; age itself writes 18. */
const mostWork = 20;
const howToName = '--identity FILE, PLIMSOLL_AGE_IDENTITY, or age_identities in the inventory';

/** What opens encrypted values: keys of files of this machine, each read once, when the first value is met. */
export class AgeKeys {
  readonly #io: Pick<ConfigIo, 'readFile'>;
  readonly #ask: AskPassphrase | undefined;
  readonly #loaded = new Map<string, Promise<Loaded>>();

  constructor(io: Pick<ConfigIo, 'readFile'>, ask?: AskPassphrase) {
    this.#io = io;
    this.#ask = ask;
  }

  /** With the keys of these files, one file after the other. */
  async open(armour: string, files: readonly string[]): Promise<Opened> {
    const read = readArmour(armour);
    if ('why' in read) return read;
    if (files.length === 0) return { why: `is encrypted, and no file with a key that opens it is named: ${howToName}` };
    const problems: string[] = [];
    for (const file of files) {
      const loaded = await this.#once(file);
      if ('why' in loaded) {
        problems.push(`${file} ${loaded.why}`);
        continue;
      }
      try {
        const bytes = await loaded.open(read.bytes);
        if (bytes !== 'none') return textOf(bytes);
        problems.push(`${file} has no key for it`);
      } catch (thrown) {
        return {
          why: `is encrypted and damaged (${thrown instanceof Error ? thrown.message : String(thrown)}): take it from where it was whole`,
        };
      }
    }
    return {
      why: `is encrypted, and cannot be opened: ${problems.join('; ')}; name another file with a key (${howToName}), or have whoever can read it add your public key and run plimsoll secret rekey`,
    };
  }

  #once(file: string): Promise<Loaded> {
    const known = this.#loaded.get(file) ?? this.#load(file);
    this.#loaded.set(file, known);
    return known;
  }

  async #load(file: string): Promise<Loaded> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#io.readFile(file);
    } catch (thrown) {
      return { why: `cannot be read (${whyUnreadable(thrown)})` };
    }
    if (bytes.length > longestFile)
      return { why: `has more than ${String(longestFile)} bytes, and is no file of keys` };
    const text = Buffer.from(bytes).toString('utf8');
    if (looksEncrypted(text)) {
      const decoded = decodeArmour(text);
      return 'why' in decoded ? decoded : await this.#protected(file, decoded.bytes);
    }
    return text.startsWith('age-encryption.org/') ? await this.#protected(file, bytes) : await keysIn(text);
  }

  /** What age-keygen has written and age -p has encrypted. */
  async #protected(file: string, bytes: Uint8Array): Promise<Loaded> {
    const header = readHeader(bytes);
    if ('why' in header) return header;
    const { workFactor } = header;
    if (workFactor === undefined)
      return { why: 'is encrypted to a key, not with a passphrase, and keys are not looked for in turn' };
    if (!(workFactor <= mostWork))
      return {
        why: `is protected by a passphrase of which trying one would take 2^${String(workFactor)} steps, more than the 2^${String(mostWork)} that are allowed: encrypt it again with age -p`,
      };
    if (this.#ask === undefined)
      return {
        why: 'is protected by a passphrase, and there is no terminal to ask for it at: name a file without one, or { command: [age, --decrypt, --identity, KEYFILE, FILE] }',
      };
    const { openerWithPassphrase } = await import('./age.ts');
    try {
      const opened = await openerWithPassphrase(await this.#ask(`Passphrase of ${file}: `))(bytes);
      return opened === 'none'
        ? { why: 'is protected by a passphrase, and it is another one' }
        : await keysIn(Buffer.from(opened).toString('utf8'));
    } catch (thrown) {
      if (thrown instanceof AppError) throw thrown;
      return { why: 'is protected by a passphrase, and damaged' };
    }
  }
}

async function keysIn(text: string): Promise<Loaded> {
  if (/^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/m.test(text))
    return {
      why: 'is a key of ssh, which the library for age does not take: age itself does, so write { command: [age, --decrypt, --identity, KEYFILE, FILE] }; or make a key of age with age-keygen',
    };
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const said = lines.flatMap((line, index) =>
    line === '' || line.startsWith('#') ? [] : [{ line, number: index + 1 }],
  );
  if (said.length === 0) return { why: 'has no key in it: age-keygen makes one' };
  const plugin = said.find(({ line }) => line.startsWith('AGE-PLUGIN-'));
  if (plugin !== undefined)
    return {
      why: `line ${String(plugin.number)} is a key of a plugin, which only the program age can ask: write { command: [age, --decrypt, --identity, KEYFILE, FILE] }`,
    };
  const { openerWith } = await import('./age.ts');
  for (const { line, number } of said) {
    try {
      openerWith([line]);
    } catch {
      return {
        why: line.startsWith('age1')
          ? `line ${String(number)} is a public key: name the file that age-keygen has written`
          : `line ${String(number)} is no key of age (AGE-SECRET-KEY-1…): is the file whole?`,
      };
    }
  }
  return { open: openerWith(said.map(({ line }) => line)) };
}

function textOf(bytes: Uint8Array): Opened {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { why: 'is encrypted, and no UTF-8 text' };
  }
}
