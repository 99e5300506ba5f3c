import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, tied, type Argv, type Result } from './process.ts';

export interface Access {
  readonly port: number;
  readonly keyFile: string;
  readonly knownHosts: string;
}

/** Options for the system's ssh that depend on nothing of the person who runs it. */
export function sshOptions(access: Access): readonly string[] {
  return [
    '-F',
    'none',
    '-p',
    String(access.port),
    '-i',
    access.keyFile,
    ...[
      'IdentitiesOnly=yes',
      `UserKnownHostsFile=${access.knownHosts}`,
      'GlobalKnownHostsFile=/dev/null',
      'StrictHostKeyChecking=yes',
      'LogLevel=ERROR',
    ].flatMap((option) => ['-o', option]),
  ];
}

/** One connection a user, shared by all commands: a new one costs more than a second on an emulated machine. */
export class Ssh {
  readonly #access: Access;
  readonly #folder: string; // short: it holds unix sockets
  readonly #masters = new Map<string, Promise<ChildProcess>>();
  readonly #active = new Map<string, number>();
  readonly #queues = new Map<string, (() => void)[]>();

  constructor(access: Access, folder: string) {
    this.#access = access;
    this.#folder = folder;
  }

  /** Waits until root can log in. */
  async ready(deadlineMs: number, gaveUp: () => string | undefined): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    for (let patience = 5; ; patience = Math.min(patience + 2, 20)) {
      const why = gaveUp();
      if (why !== undefined) throw new Error(why);
      try {
        await this.#master('root', patience);
        return;
      } catch (error) {
        if (Date.now() > deadline) {
          throw new Error(`no ssh within ${String(Math.round(deadlineMs / 1000))} s: ${String(error)}`, {
            cause: error,
          });
        }
        await sleep(200);
      }
    }
  }

  async exec(
    command: string,
    options: { readonly user?: string; readonly stdin?: string; readonly timeoutMs?: number } = {},
  ): Promise<Result> {
    const user = options.user ?? 'root';
    await this.#enter(user);
    try {
      await this.#master(user, 30);
      const argv: Argv = ['ssh', ...this.#common(user), '-o', 'ControlMaster=no', '--', `${user}@127.0.0.1`, command];
      return await attempt(argv, {
        ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      });
    } catch (error) {
      return { code: 255, stdout: '', stderr: String(error instanceof Error ? error.message : error) };
    } finally {
      this.#leave(user);
    }
  }

  /** Drops every connection. */
  async close(): Promise<void> {
    const masters = [...this.#masters.values()];
    this.#masters.clear();
    for (const master of masters) (await master.catch(() => undefined))?.kill('SIGKILL');
  }

  #common(user: string): readonly string[] {
    return [
      ...sshOptions(this.#access),
      '-o',
      'BatchMode=yes',
      '-o',
      'PreferredAuthentications=publickey',
      '-o',
      'KexAlgorithms=curve25519-sha256', // the cheapest to emulate
      '-o',
      `ControlPath=${join(this.#folder, user)}`,
    ];
  }

  #master(user: string, patience: number): Promise<ChildProcess> {
    const known = this.#masters.get(user);
    if (known !== undefined) return known;
    const starting = this.#startMaster(user, patience);
    this.#masters.set(user, starting);
    const forget = (): void => {
      if (this.#masters.get(user) === starting) this.#masters.delete(user);
    };
    starting.then((child) => {
      child.once('close', forget);
    }, forget);
    return starting;
  }

  async #startMaster(user: string, patience: number): Promise<ChildProcess> {
    const socket = join(this.#folder, user);
    rmSync(socket, { force: true }); // left by a connection that was cut
    const [file, ...args] = tied([
      'ssh',
      ...this.#common(user),
      '-o',
      'ControlMaster=yes',
      '-o',
      `ConnectTimeout=${String(patience)}`,
      '-N',
      '--',
      `${user}@127.0.0.1`,
    ]);
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    let ended = false;
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-2000);
    });
    child.once('error', (error) => {
      stderr += error.message;
      ended = true;
    });
    child.once('close', () => {
      ended = true;
    });
    // The socket appears once the user is logged in.
    const deadline = Date.now() + (patience + 30) * 1000;
    while (!existsSync(socket)) {
      if (!ended && Date.now() > deadline) child.kill('SIGKILL');
      if (ended) throw new Error(`ssh ${user}@127.0.0.1 -p ${String(this.#access.port)}: ${stderr.trim() || 'ended'}`);
      await sleep(20);
    }
    return child;
  }

  // sshd takes ten sessions a connection.
  async #enter(user: string): Promise<void> {
    const active = this.#active.get(user) ?? 0;
    if (active >= 8) {
      const queue = this.#queues.get(user) ?? [];
      this.#queues.set(user, queue);
      await new Promise<void>((resolve) => {
        queue.push(resolve);
      });
      return; // the place of the one that left
    }
    this.#active.set(user, active + 1);
  }

  #leave(user: string): void {
    const next = this.#queues.get(user)?.shift();
    if (next !== undefined) next();
    else this.#active.set(user, (this.#active.get(user) ?? 1) - 1);
  }
}
