import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { limit } from '../pace.ts';
import { isFilled, keyPair } from '../vm/cache.ts';
import { imageSlot, readImage } from '../vm/image.ts';
import { kindSpecs, type Kind } from '../vm/kinds.ts';
import { missing, type Machine } from '../vm/machine.ts';
import { tied } from '../vm/process.ts';
import { Ssh } from '../vm/ssh.ts';
import { sshDoor, type Door } from './door.ts';
import { ownFolder, removeGroups, sweep } from './left-over.ts';

/** Kinds whose dockerd needs nothing of the kernel but what every Docker host has. */
export type NativeKind = Extract<Kind, 'overlay2-20' | 'overlay2-28' | 'containerd-28'>;

/** A machine without a kernel of its own: no power cycle, no console. */
export type NativeMachine = Omit<Machine, 'consoleLog' | 'hardReset'>;

export interface NativeOptions {
  readonly name?: string;
  /** What daemon.json says beside what the kind has. */
  readonly daemon?: Readonly<Record<string, unknown>>;
}

const patienceMs = limit(60_000);

/**
 * The dockerd, the sshd and all programs of a lab image in Linux namespaces of their own, on this machine's kernel:
 * as quick as this machine is. All that it writes is in memory, and its processes end with the one that spawned it.
 */
export async function spawnNative(
  kind: NativeKind,
  { name = kind, daemon: more = {} }: NativeOptions = {},
): Promise<NativeMachine> {
  const { suite, daemon } = kindSpecs[kind];
  const slot = imageSlot(suite);
  if (slot === undefined || !isFilled(slot)) throw new Error(missing() ?? `the image ${suite} is not built`);
  sweep();
  const image = await readImage(slot);
  const folder = await ownFolder();
  const groups = basename(folder);
  const here = import.meta.dirname;
  const [file, ...args] = tied([
    'sh',
    join(here, 'launch.sh'),
    groups,
    join(here, 'boot.sh'),
    image.root,
    join(here, 'init.sh'),
    name,
    JSON.stringify({ ...daemon, ...more }),
  ]);
  const process = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<void>((resolve) =>
    process.once('close', () => {
      resolve();
    }),
  );
  let door: Door | undefined;
  let ssh: Ssh | undefined;
  let stopping: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await ssh?.close();
    await door?.close();
    process.kill('SIGKILL');
    await closed;
    await removeGroups(groups);
    await rm(folder, { recursive: true, force: true });
  };
  const stop = (): Promise<void> => (stopping ??= end());

  try {
    door = await sshDoor(await booted(name, process));
    const { port } = door;
    const knownHosts = join(folder, 'known_hosts');
    await writeFile(knownHosts, `[127.0.0.1]:${String(port)} ${image.hostKey}\n`);
    const { keyFile } = keyPair();
    const link = new Ssh({ port, keyFile, knownHosts }, folder);
    ssh = link;
    await link.ready(patienceMs, () =>
      process.exitCode === null && process.signalCode === null ? undefined : `the machine ${name} has ended`,
    );
    return {
      kind,
      name,
      address: '127.0.0.1',
      port,
      keyFile,
      knownHosts,
      stop,
      exec: (command, how) => link.exec(command, how),
      async sh(command) {
        const result = await link.exec(command);
        if (result.code === 0) return result.stdout;
        throw new Error(`${name}: ${command}\nexited ${String(result.code)}: ${result.stderr.trim()}`);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The id of its first process, once dockerd answers. */
function booted(name: string, process: ChildProcessByStdio<null, Readable, Readable>): Promise<number> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const failed = (why: string): void => {
      reject(new Error(`the machine ${name} ${why}${stderr === '' ? '' : `:\n${stderr.trim()}`}`));
    };
    const late = setTimeout(() => {
      failed(`has not come up within ${String(patienceMs / 1000)} s`);
    }, patienceMs);
    process.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (!stdout.endsWith('ready\n')) return;
      clearTimeout(late);
      resolve(Number(/^pid (\d+)$/m.exec(stdout)?.[1]));
    });
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4000);
    });
    process.once('error', (error) => {
      failed(`cannot be started: ${error.message}`);
    });
    process.once('close', () => {
      clearTimeout(late);
      failed('has ended');
    });
  });
}
