import { once } from 'node:events';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { whyUnreadable } from '../../config/model/io.ts';
import { AppError } from '../../errors.ts';
import { writeSynced } from '../reach/durable-files.ts';

/** A process of this machine that has a run. */
export interface RunHolder {
  /** Absent when it does not answer. */
  readonly pid?: number;
}

export interface HeldRun {
  release(): Promise<void>;
}

/** How long a process that has a run is given to say who it is. */
const answerMs = 1000;

/**
 * Where a run is held: a socket in the state directory, where no other user of the machine can make one in its
 * place. Somebody listens to it for as long as its process lives, so nothing is ever left to be cleaned by hand: a
 * file to which nobody listens is taken over. A home may be on several machines, and a process listens on its own only.
 */
export function lockAddress(stateDirectory: string, runId: string): string {
  const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  return join(stateDirectory, 'locks', `${runId}.${machine}`);
}

/**
 * Makes certain that no other process of this machine goes on with the same run. It is let go of by
 * `release`, or by the end of the process, however it ends. Errors: `locked`, and `usage` when there can be no lock.
 */
export async function holdRun(stateDirectory: string, runId: string): Promise<HeldRun> {
  const address = lockAddress(stateDirectory, runId);
  const server = await holding(address).catch((thrown: unknown) => {
    throw new AppError('usage', `run ${runId} cannot be held in ${dirname(address)}: ${whyUnreadable(thrown)}`, {
      hint: 'set XDG_STATE_HOME to a directory of a local disk that you may write',
      cause: thrown,
    });
  });
  if (server === undefined) {
    const holder = await askAt(address);
    const who = holder?.pid === undefined ? '' : ` (pid ${String(holder.pid)})`;
    throw new AppError('locked', `this machine is working on run ${runId} already${who}`, {
      hint: 'wait for it to end, or end it, and run the same again',
    });
  }
  return {
    async release() {
      if (!server.listening) return;
      // Node removes it by the path that it was given, which is gone.
      if (isTooLong(address)) await rm(address, { force: true });
      server.close();
      await once(server, 'close');
    },
  };
}

/** Who has a run on this machine at this moment; undefined: nobody. */
export function holderOf(stateDirectory: string, runId: string): Promise<RunHolder | undefined> {
  return askAt(lockAddress(stateDirectory, runId));
}

async function holding(address: string): Promise<Server | undefined> {
  await mkdir(dirname(address), { recursive: true, mode: 0o700 });
  return (await listen(address)) ?? (await takeOver(address));
}

/** Of 104 bytes on some systems, and 108 on others. */
const longestPath = 100;

function isTooLong(address: string): boolean {
  return Buffer.byteLength(address) > longestPath;
}

/** The kernel takes a short path only, but follows a link in it. */
async function byShortPath<Result>(address: string, use: (path: string) => Promise<Result>): Promise<Result> {
  if (!isTooLong(address)) return use(address);
  const short = await mkdtemp(join(tmpdir(), 'plimsoll-'));
  try {
    await symlink(dirname(address), join(short, 'l'));
    return await use(join(short, 'l', basename(address)));
  } finally {
    await rm(short, { recursive: true, force: true });
  }
}

function askAt(address: string): Promise<RunHolder | undefined> {
  return byShortPath(address, askBy);
}

function askBy(address: string): Promise<RunHolder | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(address);
    const end = (holder: RunHolder | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(holder);
    };
    const answered = (): void => {
      end(/^[1-9]\d{0,9}\n$/.test(answer) ? { pid: Number(answer) } : {});
    };
    // Somebody listens, but is stopped, or too busy to answer.
    const timer = setTimeout(answered, answerMs);
    socket.on('data', (data) => {
      answer = `${answer}${data.toString('latin1')}`.slice(0, 20);
    });
    socket.on('end', answered);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') end(undefined);
      else answered();
    });
  });
}

/** Undefined: somebody else has the address. */
async function listen(address: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.unref().end(`${String(process.pid)}\n`, () => socket.destroy());
  });
  try {
    await byShortPath(address, async (path) => {
      server.listen(path);
      await once(server, 'listening');
    });
    // A contender that cannot be answered is no reason to stop.
    return server.on('error', () => undefined).unref();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE') return undefined;
    throw thrown;
  }
}

/** Taking over takes a second or two: what is older was left by a process that ended in the middle of it. */
const takingMs = 60_000;

/**
 * Listens in place of a process that has ended and left its socket's file behind. Others may be at it
 * too; only the one that can make a directory beside it asks whether anybody listens, and replaces it.
 */
async function takeOver(address: string): Promise<Server | undefined> {
  const taking = `${address}.taking`;
  if (!(await made(taking))) {
    if (!(await isLeft(taking))) return undefined;
    await rm(taking, { recursive: true, force: true });
    if (!(await made(taking))) return undefined;
  }
  try {
    await writeSynced(join(taking, String(process.pid)), '');
    if ((await askAt(address)) !== undefined) return undefined;
    await rm(address, { force: true });
    return await listen(address);
  } finally {
    await rm(taking, { recursive: true, force: true });
  }
}

/** Whether whoever takes over has ended in the middle of it. */
async function isLeft(taking: string): Promise<boolean> {
  const [pid] = await readdir(taking).catch(() => []);
  const found = await stat(taking).catch(() => undefined);
  if (found === undefined) return false;
  return Date.now() - found.mtimeMs >= takingMs || (pid !== undefined && !isAlive(Number(pid)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH');
  }
}

/** False: it is there already. */
async function made(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST') return false;
    throw thrown;
  }
}
