import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { LaptopFile } from '../facts/file.ts';
import { laptopFile } from '../facts/file.ts';

/** The machine that plimsoll runs on, as far as operations have to do with it. */
export interface Laptop {
  /** The one fact that is about the laptop and not about the host. */
  readonly factName: string;
  describe(path: string): Promise<LaptopFile>;
  read(path: string): Readable;
  /** Writes beside the file; `keep` puts it in place, `discard` removes it. */
  write(path: string): Promise<{ readonly output: Writable; readonly temporary: string; keep(): Promise<void>; discard(): Promise<void> }>;
}

/** Paths are relative to the directory (the playbook's). */
export function laptopAt(directory: string): Laptop {
  return {
    factName: laptopFile.name,
    describe: (path) => describe(resolve(directory, path)),
    read: (path) => createReadStream(resolve(directory, path)),
    write: (path) => write(resolve(directory, path)),
  };
}

async function write(path: string): ReturnType<Laptop['write']> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.plimsoll-part`;
  return {
    output: createWriteStream(temporary, { mode: 0o600, flush: true }),
    temporary,
    keep: () => rename(temporary, path),
    discard: () => rm(temporary, { force: true }),
  };
}

async function describe(path: string): Promise<LaptopFile> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true) return { exists: false, bytes: 0, sha256: '' };
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { exists: true, bytes: info.size, sha256: hash.digest('hex') };
}
