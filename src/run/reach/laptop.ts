import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../errors.ts';
import { laptopShelf, longestManifest, longestSeal, readShelf, type Shelf } from '../../facts/backups/backup-shelf.ts';
import { backupVouch } from '../../facts/backups/backup-vouch.ts';
import type { LaptopFile } from '../../facts/host/file.ts';
import { laptopFile } from '../../facts/host/file.ts';
import { formatBytes } from '../../values/size.ts';
import { type Beside, keepPart, partBytes, partOf, writeBeside, writePart } from './beside.ts';
import { roomAt } from './room.ts';
import type { Vouchers } from './vouchers.ts';
import { nobody } from './vouchers.ts';

/** The machine that plimsoll runs on, as far as operations have to do with it. */
export interface Laptop {
  /** The facts that are about the laptop and not about the host, by name. */
  readonly facts: ReadonlyMap<string, (args: readonly string[]) => Promise<unknown>>;
  describe(path: string): Promise<LaptopFile>;
  read(path: string, from?: number): Readable;
  /** Writes beside the file. Errors: `action-failed` when there is no room for so many bytes. */
  write(path: string, bytes: number): Promise<Beside>;
  /** The same for what may be gone on with later. */
  part(path: string): LaptopPart;
  remove(path: string): Promise<void>;
  /** Vouches for a backup. */
  readonly vouch: Vouchers['vouch'];
}

export interface LaptopPart {
  /** How much of it is there. */
  bytes(): Promise<number>;
  /** `bytes`: how large it will be. Errors: `action-failed` when there is no room for that. */
  write(from: number, bytes: number): Promise<Writable>;
  /** Puts it in place if it is the file with this digest, and says whether it was; one that is not is removed. */
  keep(sha256: string, bytes: number): Promise<boolean>;
  discard(): Promise<void>;
}

/** Paths are relative to the directory (the playbook's). */
export function laptopAt(directory: string, vouchers: Vouchers = nobody): Laptop {
  const at = (path: string): string => resolve(directory, path);
  return {
    facts: new Map<string, (args: readonly string[]) => Promise<unknown>>([
      [laptopFile.name, ([path = '']) => describe(at(path))],
      [backupVouch.name, ([name = '', statement = '', seal = '']) => vouchers.judge({ name, statement }, seal)],
      [laptopShelf.name, ([path = '', prefix = '']) => shelf(at(path), prefix)],
    ]),
    describe: (path) => describe(at(path)),
    read: (path, from = 0) => createReadStream(at(path), { start: from }),
    async write(path, bytes) {
      await mustHaveRoom(at(path), bytes);
      await mkdir(dirname(at(path)), { recursive: true });
      return writeBeside(at(path));
    },
    part: (path) => part(at(path)),
    remove: (path) => rm(at(path), { force: true }),
    vouch: (backup, voucher) => vouchers.vouch(backup, voucher),
  };
}

function part(path: string): LaptopPart {
  return {
    bytes: () => partBytes(path),
    async write(from, bytes) {
      await mustHaveRoom(path, bytes - from);
      await mkdir(dirname(path), { recursive: true });
      return writePart(path, from);
    },
    keep: (sha256, bytes) => keepPart(path, sha256, bytes),
    discard: () => rm(partOf(path), { force: true }),
  };
}

/** What a fetch leaves free: a disk that is full harms whatever else is on it, and the size may be a host's word. */
const mostLeftFree = 1024 ** 3;

async function mustHaveRoom(path: string, bytes: number): Promise<void> {
  const { availableBytes } = await roomAt(dirname(path));
  const room = availableBytes - Math.min(mostLeftFree, availableBytes / 10);
  if (bytes <= room) return;
  throw new AppError(
    'action-failed',
    `${path} on this machine would need ${formatBytes(bytes)}, and ${formatBytes(availableBytes)} are free there, of which a tenth (1 GiB at most) is left alone`,
    { hint: 'make room on this machine, or name a directory elsewhere; then plimsoll resume' },
  );
}

async function describe(path: string): Promise<LaptopFile> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true) return { exists: false, bytes: 0, sha256: '' };
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { exists: true, bytes: info.size, sha256: hash.digest('hex') };
}

async function shelf(directory: string, prefix: string): Promise<Shelf> {
  const names = (await readdir(directory).catch(() => []))
    .filter((name) => name.startsWith(prefix) && name.endsWith('.json'))
    .sort();
  const found = await Promise.all(
    names.map(async (name) => {
      const manifest = join(directory, name);
      const text = (await readBounded(manifest, longestManifest)) ?? '';
      const backup = name.slice(0, -'.json'.length);
      const sizeOf = async (suffixes: readonly string[]): Promise<number> => {
        const archives = await Promise.all(
          suffixes.map((suffix) => stat(join(directory, `${backup}.tar.${suffix}`)).catch(() => undefined)),
        );
        return archives.find((one) => one?.isFile() === true)?.size ?? 0;
      };
      const seal = (await readBounded(join(directory, `${backup}.seal`), longestSeal)) ?? '';
      return {
        name: backup,
        seal,
        bytes: await sizeOf(['zst', 'gz']),
        sealedBytes: await sizeOf(['zst.age', 'gz.age']),
        text,
      };
    }),
  );
  const room = await roomAt(directory);
  return readShelf(room.exists, room.availableBytes, found, prefix);
}

/** Undefined: there is none, or it is longer. */
async function readBounded(path: string, most: number): Promise<string | undefined> {
  const size = (await stat(path).catch(() => undefined))?.size ?? Infinity;
  return size > most ? undefined : readFile(path, 'utf8').catch(() => undefined);
}
