import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, run, tied } from './process.ts';

/** Where images and frozen machines are kept: outside the repository, never half built. */
export function cacheRoot(): string {
  const own = process.env['PLIMSOLL_LAB_CACHE'];
  if (own !== undefined && own !== '') return own;
  const xdg = process.env['XDG_CACHE_HOME'];
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.cache') : xdg, 'plimsoll-lab');
}

/** A part of the cache: the folder `<shelf>/<name>-<key>`. */
export interface Slot {
  readonly shelf: 'images' | 'goldens';
  readonly name: string;
  readonly key: string;
}

const here = import.meta.dirname;

/** The text of a file of this folder. */
export function source(path: string): string {
  return readFileSync(join(here, path), 'utf8');
}

/** A hash of everything that decides what a build gives. */
export function keyOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

export function slotFolder(slot: Slot): string {
  return join(cacheRoot(), slot.shelf, `${slot.name}-${slot.key}`);
}

export function isFilled(slot: Slot): boolean {
  return existsSync(join(slotFolder(slot), 'manifest.json'));
}

/** Removes a folder tree, and first of all what an interrupted build may have left mounted in it. */
async function removeTree(path: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    for (const mounted of mountsBelow(path)) await attempt(['umount', '--lazy', '--', mounted]);
    const { code, stderr } = await attempt(['rm', '-rf', '--one-file-system', '--', path]);
    if (code === 0) return;
    // Helpers of a killed mmdebstrap end by themselves, but not at once.
    if (tries === 30)
      throw new Error(`cannot remove ${path}, is a process of an interrupted setup still there?\n${stderr.trim()}`);
    await sleep(1000);
  }
}

/** Deepest first. */
function mountsBelow(path: string): readonly string[] {
  const real = existsSync(path) ? realpathSync(path) : path;
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 8)),
      ),
    )
    .filter((point) => point.startsWith(`${real}/`))
    .reverse();
}

/** Builds into a temporary folder beside the final one and renames it when it is whole. */
export async function fill(slot: Slot, build: (folder: string) => Promise<void>): Promise<void> {
  const shelf = join(cacheRoot(), slot.shelf);
  await mkdir(shelf, { recursive: true });
  const folder = await mkdtemp(join(shelf, `.building-${slot.name}-`));
  try {
    await build(folder);
    await rename(folder, slotFolder(slot));
  } catch (error) {
    await removeTree(folder).catch(() => undefined);
    throw error;
  }
}

/** Removes what an interrupted build left, and everything that is neither of these slots. Only under the lock. */
export async function tidy(kept: readonly Slot[]): Promise<void> {
  for (const shelf of ['images', 'goldens'] as const) {
    const names = new Set(kept.filter((slot) => slot.shelf === shelf).map((slot) => `${slot.name}-${slot.key}`));
    const folder = join(cacheRoot(), shelf);
    for (const name of existsSync(folder) ? await readdir(folder) : []) {
      if (!names.has(name)) await removeTree(join(folder, name));
    }
  }
}

/** One setup at a time. flock(1) holds the lock for as long as this process lives, however that ends. */
export async function locked<T>(waiting: () => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(cacheRoot(), { recursive: true });
  const [file, ...args] = tied(['flock', join(cacheRoot(), 'lock'), 'sh', '-c', 'echo locked; exec cat > /dev/null']);
  const holder = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const held = new Promise<boolean>((resolve, reject) => {
    holder.once('error', reject);
    holder.stdout.once('data', () => {
      resolve(true);
    });
    holder.once('close', () => {
      reject(new Error(`cannot lock ${join(cacheRoot(), 'lock')}`));
    });
  });
  const first = await Promise.race([held, sleep(1000, false, { ref: false })]);
  if (!first) {
    waiting();
    await held;
  }
  try {
    return await work();
  } finally {
    const closed = new Promise((resolve) => holder.once('close', resolve));
    holder.stdin.end();
    await closed;
  }
}

/** The lab's one key pair; its public half is in every image. */
export function keyPair(): { readonly keyFile: string; readonly publicKey: string | undefined } {
  const keyFile = join(cacheRoot(), 'keys', 'id');
  const publicFile = `${keyFile}.pub`;
  return {
    keyFile,
    publicKey: existsSync(keyFile) && existsSync(publicFile) ? readFileSync(publicFile, 'utf8').trim() : undefined,
  };
}

export async function ensureKeyPair(): Promise<void> {
  const { keyFile, publicKey } = keyPair();
  if (publicKey !== undefined) return;
  await mkdir(join(cacheRoot(), 'keys'), { recursive: true, mode: 0o700 });
  await run(['rm', '-f', keyFile, `${keyFile}.pub`]);
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'plimsoll-lab', '-f', keyFile]);
}

/** What is in the cache now, for people. */
export function listCache(): readonly string[] {
  return (['images', 'goldens'] as const).flatMap((shelf) => {
    const folder = join(cacheRoot(), shelf);
    return existsSync(folder) ? readdirSync(folder).map((name) => `${shelf}/${name}`) : [];
  });
}
