import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type EncryptedFile, type EncryptedValue, readEncrypted } from '../../config/age/encrypted-values.ts';
import { AgeKeys } from '../../config/age/keys.ts';
import { expandHome, whyUnreadable } from '../../config/model/io.ts';
import { AppError, ConfigError, type ConfigIssue } from '../../errors.ts';
import { type Beside, writeBeside } from '../../run/reach/beside.ts';
import { identityFiles, type SecretWishes } from '../secrets.ts';
import { askHidden, type World } from '../world.ts';

/** A file and what its values are. */
export interface OpenedFile {
  readonly encrypted: EncryptedFile;
  /** Where it really is: a link stays one. */
  readonly path: string;
  readonly mode: number;
  readonly texts: ReadonlyMap<EncryptedValue, string>;
  /** With what it was opened. */
  readonly identities: readonly string[];
}

/** Opens every value of every file, or throws a ConfigError that names each that cannot be opened. */
export class EncryptedFiles {
  readonly keys: AgeKeys;
  readonly #world: World;
  readonly #wishes: Pick<SecretWishes, 'identity'>;

  constructor(world: World, wishes: Pick<SecretWishes, 'identity'>) {
    this.#world = world;
    this.#wishes = wishes;
    this.keys = new AgeKeys(world.io, askHidden(world));
  }

  async open(files: readonly string[]): Promise<readonly OpenedFile[]> {
    const issues: ConfigIssue[] = [];
    const opened = new Map<string, OpenedFile>();
    for (const file of files) {
      try {
        const one = await this.#open(file, issues);
        if (!opened.has(one.path)) opened.set(one.path, one);
      } catch (thrown) {
        if (!(thrown instanceof ConfigError)) throw thrown;
        issues.push(...thrown.issues);
      }
    }
    if (issues.length > 0) throw new ConfigError(issues);
    return [...opened.values()];
  }

  async #open(file: string, issues: ConfigIssue[]): Promise<OpenedFile> {
    const { path, mode, bytes } = await readWhole(file);
    const encrypted = readEncrypted(file, bytes);
    if (encrypted.values.length === 0)
      throw new ConfigError([
        { file, message: 'there is no encrypted value in it (age: |): plimsoll secret encrypt makes one' },
      ]);
    const identities = identityFiles(this.#wishes, this.#world) ?? this.#ownIdentities(encrypted);
    const texts = new Map<EncryptedValue, string>();
    for (const value of encrypted.values) {
      const result = await this.keys.open(value.armour, identities);
      if ('why' in result) issues.push({ ...value.place, message: `${value.name} ${result.why}` });
      else texts.set(value, result.text);
    }
    return { encrypted, path, mode, texts, identities };
  }

  #ownIdentities({ file, identities }: EncryptedFile): readonly string[] {
    return identities.map((each) => {
      const path = expandHome(each, this.#world.io);
      const whole = isAbsolute(path) ? path : join(dirname(file), path);
      this.#world.err.write(`reads on this machine for age_identities: ${whole} (${file})\n`);
      return whole;
    });
  }
}

async function readWhole(
  file: string,
): Promise<{ readonly path: string; readonly mode: number; readonly bytes: Uint8Array }> {
  try {
    const path = await realpath(file);
    return { path, mode: (await stat(path)).mode & 0o777, bytes: await readFile(path) };
  } catch (thrown) {
    throw new ConfigError([{ file, message: `the file cannot be read: ${whyUnreadable(thrown)}` }]);
  }
}

/** All of them, or none. */
export async function replaceFiles(
  files: readonly { readonly opened: OpenedFile; readonly bytes: Uint8Array }[],
): Promise<void> {
  const beside: { readonly opened: OpenedFile; readonly fresh: Beside }[] = [];
  const kept: OpenedFile[] = [];
  try {
    for (const { opened, bytes } of files) {
      const fresh = await writeBeside(opened.path, opened.mode);
      beside.push({ opened, fresh });
      await pipeline([bytes], fresh.output);
    }
    for (const { opened } of beside) await refuseOther(opened);
    for (const { opened, fresh } of beside) {
      await fresh.keep();
      kept.push(opened);
    }
  } catch (thrown) {
    for (const opened of kept) await putBack(opened);
    if (thrown instanceof AppError) throw thrown;
    throw new AppError('usage', `the files cannot be written: ${whyUnreadable(thrown)}; all are as they were`, {
      cause: thrown,
    });
  } finally {
    for (const { fresh } of beside) await fresh.discard();
  }
}

async function refuseOther({ encrypted: { file, bytes }, path }: OpenedFile): Promise<void> {
  if (Buffer.compare(await readFile(path), bytes) !== 0)
    throw new AppError('usage', `${file} was changed by somebody else meanwhile: nothing was written`, {
      hint: 'do the same again',
    });
}

async function putBack({ encrypted: { bytes }, path, mode }: OpenedFile): Promise<void> {
  const old = await writeBeside(path, mode);
  try {
    await pipeline([bytes], old.output);
    await old.keep();
  } finally {
    await old.discard();
  }
}
