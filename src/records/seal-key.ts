import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { whyUnreadable } from '../config/model/io.ts';
import { AppError } from '../errors.ts';
import { syncDirectory, writeSynced } from '../run/reach/durable-files.ts';
import { byHand } from '../values/shell.ts';

/** A key of the operator's. It is on his machines only: no host ever sees it. */
interface SealKey {
  /** Tells it from others, and says nothing of it. */
  readonly id: string;
  sign(text: string): string;
  verify(text: string, signature: string): boolean;
}

/** Keys in a file of this machine, one a line: the first one seals, and all of them are good to verify. */
export class SealKeys {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The one that seals; it is made when there is none. Errors: `refused`. */
  async own(): Promise<SealKey> {
    const [first] = (await this.#read()) ?? (await this.#make());
    if (first === undefined)
      throw this.#refused(
        'there is no key in it',
        'put back a copy of it; or remove it, and a new one is made: what was sealed until now can then be restored only with unvouched: allow, unless the records know it',
      );
    return first;
  }

  /** Those that there are. Errors: `refused`. */
  async all(): Promise<readonly SealKey[]> {
    return (await this.#read()) ?? [];
  }

  /** Undefined: there is no file. */
  async #read(): Promise<readonly SealKey[] | undefined> {
    const found = await stat(this.#path).catch((thrown: unknown) => {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
      throw this.#refused(whyUnreadable(thrown), 'make it readable for yourself alone');
    });
    if (found === undefined) return undefined;
    if (process.platform !== 'win32' && ((found.mode & 0o077) !== 0 || found.uid !== process.getuid?.()))
      throw this.#refused(
        'others may have read it, or written it',
        `if nobody has: ${byHand('chown', String(process.getuid?.() ?? 0), this.#path)} and ${byHand('chmod', '600', this.#path)}; otherwise put a new key on its first line`,
      );
    const text = await readFile(this.#path, 'latin1').catch((thrown: unknown) => {
      throw this.#refused(whyUnreadable(thrown), 'make it readable for yourself alone');
    });
    const lines = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (!lines.every((line) => /^[0-9a-f]{64}$/.test(line)))
      throw this.#refused(
        'a line in it is no key (64 hexadecimal digits)',
        'put back a copy of it; head -c 32 /dev/urandom | od -An -v -tx1 | tr -d " \\n" prints a new key',
      );
    return lines.map(keyOf);
  }

  /** Of several processes that make one at once, all come to have the same. */
  async #make(): Promise<readonly SealKey[]> {
    const making = `${this.#path}.${randomBytes(8).toString('hex')}`;
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      await writeSynced(
        making,
        `# Seals backups (docs/backup.md). Keep a copy where the backups are not.\n${randomBytes(32).toString('hex')}\n`,
      );
      await link(making, this.#path).catch((thrown: unknown) => {
        if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
      });
      await syncDirectory(dirname(this.#path));
    } catch (thrown) {
      throw this.#refused(
        `it could not be made: ${whyUnreadable(thrown)}`,
        'set XDG_STATE_HOME to a directory that you may write, with room in it',
      );
    } finally {
      await rm(making, { force: true }).catch(() => undefined);
    }
    return this.all();
  }

  #refused(why: string, remedy: string): AppError {
    return new AppError('refused', `the key ${this.#path}, with which backups are sealed: ${why}`, { hint: remedy });
  }
}

function keyOf(line: string): SealKey {
  const key = Buffer.from(line, 'hex');
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    id: createHash('sha256').update('plimsoll-seal-key\n').update(key).digest('hex').slice(0, 16),
    sign: (text) => sign(text).toString('hex'),
    verify: (text, signature) =>
      /^[0-9a-f]{64}$/.test(signature) && timingSafeEqual(sign(text), Buffer.from(signature, 'hex')),
  };
}
