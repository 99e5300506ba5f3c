import { once } from 'node:events';
import { mkdir, rm, stat } from 'node:fs/promises';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../errors.ts';

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
 * Where a run is held: a listening socket, which vanishes with its process, so that nothing is ever
 * left to be cleaned by hand. On Linux its name is in no file system; elsewhere it is a file, and one
 * that nobody listens to any more is taken over.
 */
export function lockAddress(runId: string, platform: NodeJS.Platform = process.platform): string {
  return platform === 'linux' ? `\0plimsoll-run-${runId}` : join(tmpdir(), `plimsoll-run-${runId}.sock`);
}

/**
 * Makes certain that no other process of this machine goes on with the same run. It is let go of by
 * `release`, or by the end of the process, however it ends. Errors: `locked`.
 */
export async function holdRun(runId: string, address = lockAddress(runId)): Promise<HeldRun> {
  const server = (await listen(address)) ?? (await takeOver(address));
  if (server === undefined) {
    const holder = await askAt(address);
    const who = holder?.pid === undefined ? '' : ` (pid ${String(holder.pid)})`;
    throw new AppError('locked', `this machine is working on run ${runId} already${who}`, { hint: 'wait for it to end, or end it, and run the same again' });
  }
  return {
    async release() {
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

/** Who has a run on this machine at this moment; undefined: nobody. */
export function holderOf(runId: string): Promise<RunHolder | undefined> {
  return askAt(lockAddress(runId));
}

function askAt(address: string): Promise<RunHolder | undefined> {
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
    server.listen(address);
    await once(server, 'listening');
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
  if (address.startsWith('\0')) return undefined;
  const taking = `${address}.taking`;
  if (!(await made(taking))) {
    const found = await stat(taking).catch(() => undefined);
    if (found === undefined || Date.now() - found.mtimeMs < takingMs) return undefined;
    await rm(taking, { recursive: true, force: true });
    if (!(await made(taking))) return undefined;
  }
  try {
    if ((await askAt(address)) !== undefined) return undefined;
    await rm(address, { force: true });
    return await listen(address);
  } finally {
    await rm(taking, { recursive: true, force: true });
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
