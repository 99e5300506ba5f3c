import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import {
  type FileHandle,
  lstat,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { syncDirectory } from './durable-files.ts';

/**
 * How a file is written on this machine, where a directory may be shared with others: into a new one beside it, which
 * is in its place only when it is whole and on the disk. Nothing is opened through a link, and nothing that was there.
 */

const anew = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const asItIs = constants.O_RDWR | constants.O_NOFOLLOW;

export interface Beside {
  readonly output: Writable;
  /** What it is by now, read again from the disk. */
  digest(): Promise<string>;
  /** Puts it in place. */
  keep(): Promise<void>;
  discard(): Promise<void>;
}

/** A new file of a name that nobody can know before. It says whose it is, so that what a killed program has left is removed. */
export async function writeBeside(path: string, mode = 0o600): Promise<Beside> {
  machine ??= thisMachine();
  const us = `${await machine}-${String(process.pid)}`;
  await removeLeft(dirname(path), await machine);
  const temporary = join(dirname(path), `.${randomBytes(12).toString('hex')}-${us}.plimsoll-part`);
  const file = await open(temporary, anew, 0o600);
  if (mode !== 0o600) await file.chmod(mode);
  return {
    output: file.createWriteStream(),
    digest: async () => (await digestOf(temporary)).sha256,
    keep: () => putInPlace(temporary, path),
    discard: async () => {
      await file.close();
      await rm(temporary, { force: true });
    },
  };
}

let machine: Promise<string> | undefined;

/** Numbers of processes mean something until the machine starts anew, among those that see the same ones. */
async function thisMachine(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const numbers = await readlink('/proc/self/ns/pid').catch(() => '');
  return createHash('sha256').update([hostname(), boot, numbers].join('\n')).digest('hex').slice(0, 16);
}

/** What programs of this machine that are gone have left there; it is of no use to anybody. Once for each directory. */
async function removeLeft(directory: string, machine: string): Promise<void> {
  if (lookedAt.has(directory)) return;
  lookedAt.add(directory);
  for (const name of await readdir(directory).catch(() => [])) {
    const [, its, pid = ''] = /^\.[0-9a-f]{24}-([0-9a-f]{16})-(\d{1,10})\.plimsoll-part$/.exec(name) ?? [];
    if (its !== machine || isAlive(Number(pid))) continue;
    const is = await lstat(join(directory, name)).catch(() => undefined);
    if (is !== undefined && isOurs(is)) await rm(join(directory, name), { force: true });
  }
}

const lookedAt = new Set<string>();

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH');
  }
}

/** A text as a whole file. What is no file (a terminal, a pipe) is written to as it is. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const is = await stat(path).catch(() => undefined);
  if (is !== undefined && !is.isFile()) {
    await writeFile(path, text);
    return;
  }
  const beside = await writeBeside(path);
  try {
    await pipeline([text], beside.output);
    await beside.keep();
  } finally {
    await beside.discard();
  }
}

/** What is to be gone on with later has a name that is known: it counts only while it is a plain file of our own. */
export const partOf = (path: string): string => `${path}.plimsoll-part`;

export async function partBytes(path: string): Promise<number> {
  const is = await lstat(partOf(path)).catch(() => undefined);
  return is !== undefined && isOurs(is) ? is.size : 0;
}

export async function writePart(path: string, from: number): Promise<Writable> {
  const old = from === 0 ? undefined : await open(partOf(path), asItIs);
  if (old !== undefined) {
    if (isOurs(await old.stat())) return old.createWriteStream({ start: from });
    await old.close();
    throw new Error(`${partOf(path)} is not what it was`);
  }
  await rm(partOf(path), { force: true });
  return (await open(partOf(path), anew, 0o600)).createWriteStream();
}

/** Puts the part in place if it is the file with this digest, and says whether it was; one that is not is removed. */
export async function keepPart(path: string, sha256: string, bytes: number): Promise<boolean> {
  const is = await digestOf(partOf(path)).catch(() => undefined);
  if (is?.sha256 !== sha256 || is.bytes !== bytes) {
    await rm(partOf(path), { force: true });
    return false;
  }
  await putInPlace(partOf(path), path);
  return true;
}

/** A file system over the network may give what we write to another user: what we have made ourselves need not look like ours. */
function isPlain(is: Stats): boolean {
  return is.isFile() && is.nlink === 1;
}

function isOurs(is: Stats): boolean {
  return isPlain(is) && (process.geteuid === undefined || is.uid === process.geteuid());
}

async function digestOf(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  return withFile(await open(path, asItIs), async (file) => {
    const hash = createHash('sha256');
    const is = await file.stat();
    if (!isPlain(is)) throw new Error(`${path} is not the file that was written`);
    await pipeline(file.createReadStream({ autoClose: false }), hash);
    return { sha256: hash.digest('hex'), bytes: is.size };
  });
}

async function putInPlace(temporary: string, path: string): Promise<void> {
  await withFile(await open(temporary, asItIs), (file) => file.sync());
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

async function withFile<Result>(file: FileHandle, work: (file: FileHandle) => Promise<Result>): Promise<Result> {
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
