import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../errors.ts';
import { localProcessCarrier } from './local-process.ts';
import { redacting } from '../redaction/redacting.ts';
import { whenAborted } from '../remote-shell/abort.ts';
import { Deadline } from '../remote-shell/deadline.ts';
import type { Heartbeat } from '../remote-shell/host-lock.ts';
import { openShellConnection } from '../remote-shell/shell-connection.ts';
import type {
  Command,
  Connection,
  ConnectionInfo,
  LockAnswer,
  LockHolder,
  Outcome,
  RunOptions,
  Target,
  Transport,
} from '../transport.ts';

/** What a scripted host answers. What is left out is: status 0, no output. */
export type ScriptedOutcome = Partial<Outcome>;

/** Plays one host. It may throw an AppError; `connection-lost` also ends the connection. */
export type CommandHandler = (command: Command, options: RunOptions) => ScriptedOutcome | Promise<ScriptedOutcome>;

export interface ScriptedHost {
  readonly handler: CommandHandler;
  readonly info?: Partial<ConnectionInfo>;
}

/** Really runs the commands, in a shell of this machine: `['/bin/sh', '-c']`. */
export interface LocalShellHost {
  readonly shell: readonly [string, ...string[]];
  readonly heartbeat?: Heartbeat;
}

export interface UnreachableHost {
  readonly connectError: AppError;
}

export type MemoryHost = CommandHandler | ScriptedHost | LocalShellHost | UnreachableHost;

export interface MemoryTransportOptions {
  readonly hosts: Readonly<Record<string, MemoryHost>>;
}

/** A transport without a network, for tests: hosts are functions, or shells of this machine. */
export function createMemoryTransport({ hosts }: MemoryTransportOptions): Transport {
  const locks: Locks = new Map();
  return redacting({
    async connect(target: Target, signal: AbortSignal): Promise<Connection> {
      if (signal.aborted) throw new AppError('interrupted', `${target.name}: interrupted while connecting`);
      const host = hosts[target.name];
      if (host === undefined)
        throw new AppError('unreachable', `${target.name}: the memory transport has no such host`);
      if (typeof host === 'function') return new ScriptedConnection(target, { handler: host }, locks);
      if ('connectError' in host) throw host.connectError;
      if ('shell' in host)
        return await openShellConnection(
          localProcessCarrier(host.shell),
          target,
          new Deadline(target.name, target.connectTimeoutMs),
          signal,
          host.heartbeat,
        );
      return new ScriptedConnection(target, host, locks);
    },
    close: () => Promise.resolve(),
  });
}

/** Who has which host, by its name. */
type Locks = Map<string, { readonly owner: Connection; readonly holder: LockHolder }>;

class ScriptedConnection implements Connection {
  readonly info: ConnectionInfo;
  readonly ready = Promise.resolve(undefined);
  readonly closed: Promise<Error | undefined>;
  readonly #target: Target;
  readonly #handler: CommandHandler;
  readonly #locks: Locks;
  /** Commands that have been asked for and have not ended: they keep a lock that is held. */
  #pending = 0;
  #previous: Promise<unknown> = Promise.resolve();
  #end: (error: Error | undefined) => void = () => undefined;
  #lost: AppError | undefined;

  constructor(target: Target, { handler, info }: ScriptedHost, locks: Locks) {
    this.#target = target;
    this.#handler = handler;
    this.#locks = locks;
    this.info = {
      hostKey: 'SHA256:memory',
      publicKey: '',
      server: 'memory',
      runsAs: target.become === 'none' ? target.user : target.becomeUser,
      ...info,
    };
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  run(command: Command, options: RunOptions = {}): Promise<Outcome> {
    this.#pending += 1;
    const answer = this.#previous.then(() => this.#answer(command, options));
    this.#previous = answer
      .catch(() => undefined)
      .then(() => {
        this.#pending -= 1;
      });
    return answer;
  }

  async stream(
    command: Command,
    { input, output }: Parameters<Connection['stream']>[1],
    options: RunOptions = {},
  ): Promise<Outcome> {
    const stdin = input === undefined ? {} : { stdin: (await buffer(input)).toString() };
    const outcome = await this.#answer({ ...command, ...stdin }, options);
    if (output === undefined) return outcome;
    await pipeline(Readable.from([Buffer.from(outcome.stdout)]), output);
    return { ...outcome, stdout: '' };
  }

  lock(holder: LockHolder, { signal }: Parameters<Connection['lock']>[1] = {}): Promise<LockAnswer> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (signal?.aborted === true) return Promise.reject(this.#interrupted());
    const { name } = this.#target;
    const found = this.#locks.get(name);
    if (found !== undefined)
      return Promise.resolve(found.owner === this ? { held: true } : { held: false, holder: found.holder });
    this.#locks.set(name, { owner: this, holder });
    return Promise.resolve({ held: true });
  }

  unlock(): Promise<void> {
    if (this.#pending === 0) this.#letGo();
    else
      void this.#previous.then(() => {
        this.#letGo();
      });
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#lost ??= new AppError('connection-lost', `${this.#target.name}: the connection was closed`);
    this.#end(undefined);
    return this.unlock();
  }

  #letGo(): void {
    const { name } = this.#target;
    if (this.#locks.get(name)?.owner === this) this.#locks.delete(name);
  }

  async #answer(command: Command, options: RunOptions): Promise<Outcome> {
    if (this.#lost !== undefined) throw this.#lost;
    if (options.signal?.aborted === true) throw this.#interrupted();
    try {
      const given = await this.#inTime(command, options);
      if (given.stdout !== undefined && given.stdout !== '') options.onOutput?.('stdout', given.stdout);
      if (given.stderr !== undefined && given.stderr !== '') options.onOutput?.('stderr', given.stderr);
      return { status: 0, stdout: '', stderr: '', droppedBytes: 0, ...given };
    } catch (error) {
      if (error instanceof AppError && error.code === 'connection-lost') {
        this.#lost = error;
        this.#end(error);
        this.#letGo();
      }
      throw error;
    }
  }

  #inTime(command: Command, options: RunOptions): Promise<ScriptedOutcome> {
    return new Promise((resolve, reject) => {
      const limitMs = command.timeoutMs ?? this.#target.commandTimeoutMs;
      const timer = setTimeout(() => {
        reject(
          new AppError(
            'timed-out',
            `${this.#target.name}: did not end within ${String(limitMs / 1000)} s and was ended`,
          ),
        );
      }, limitMs);
      const forget = whenAborted(options.signal, () => {
        reject(this.#interrupted());
      });
      Promise.resolve()
        .then(() => this.#handler(command, options))
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          forget();
        });
    });
  }

  #interrupted(): AppError {
    return new AppError('interrupted', `${this.#target.name}: interrupted`);
  }
}
