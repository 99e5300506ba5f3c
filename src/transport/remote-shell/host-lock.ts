import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { LockAnswer, LockHolder } from '../transport.ts';
import { whenAborted } from './abort.ts';
import { heartbeatFrame, lockFrame, longestSaid, unlockFrame } from './lock-frames.ts';
import { readHolder, writeHolder } from './lock-holder.ts';
import { deferred } from '../../values/deferred.ts';

/** How a host learns that the laptop is still there while it has the lock. */
export interface Heartbeat {
  readonly intervalMs: number;
  /** Without a heartbeat for this long the host ends the shell, and with it the lock. */
  readonly patienceMs: number;
}

export const defaultHeartbeat: Heartbeat = { intervalMs: 15_000, patienceMs: 60_000 };

export interface HostLockOptions {
  /** The host's name, for messages. */
  readonly host: string;
  readonly nonce: string;
  /** How long the shell may take to answer: it answers at once, unless the host is in trouble. */
  readonly answerMs: number;
  readonly heartbeat: Heartbeat;
  /** Sends a frame to the shell. */
  readonly write: (frame: string) => void;
  /** A shell that does not answer cannot be told to let go of the lock: the connection is given up. */
  readonly giveUp: (error: AppError) => void;
}

interface Request {
  readonly token: number;
  /** What the host has sent along with its answer. */
  said: Buffer;
  readonly settle: (answer: LockAnswer | AppError) => void;
}

/** The laptop's side of the lock that the remote shell holds. */
export class HostLock {
  readonly #options: HostLockOptions;
  #counter = 0;
  #request: Request | undefined;
  readonly #releases = new Map<number, () => void>();
  #beating: NodeJS.Timeout | undefined;
  #lost: AppError | undefined;

  constructor(options: HostLockOptions) {
    this.#options = options;
  }

  async take(holder: LockHolder, signal?: AbortSignal): Promise<LockAnswer> {
    const { host, nonce, heartbeat, answerMs, write } = this.#options;
    if (this.#lost !== undefined) throw this.#lost;
    if (signal?.aborted === true) throw this.#interrupted();
    if (this.#beating !== undefined) return { held: true };
    if (this.#request !== undefined) throw new AppError('internal', `${host}: its lock was asked for twice at once`);
    const { promise, resolve, reject } = deferred<LockAnswer>();
    const request: Request = {
      token: this.#nextToken(),
      said: Buffer.alloc(0),
      settle: (answer) => {
        this.#request = undefined;
        if (answer instanceof AppError) reject(answer);
        else resolve(answer);
      },
    };
    this.#request = request;
    const timer = setTimeout(() => {
      this.#doNotWait(request);
    }, answerMs);
    write(lockFrame(nonce, request.token, writeHolder(holder), heartbeat.patienceMs));
    const forget = whenAborted(signal, () => {
      this.#takeBack(request);
    });
    return await promise.finally(() => {
      clearTimeout(timer);
      forget();
    });
  }

  /** Resolves when the shell has let go, and also when the connection is gone, which comes to the same. */
  async release(): Promise<void> {
    if (this.#beating === undefined) return;
    this.#stopBeating();
    const token = this.#nextToken();
    const { host, nonce, answerMs, write, giveUp } = this.#options;
    const { promise, resolve } = deferred<undefined>();
    this.#releases.set(token, () => {
      resolve(undefined);
    });
    const timer = setTimeout(() => {
      giveUp(
        new AppError(
          'connection-lost',
          `${host}: the connection was given up because the host did not confirm the end of its lock`,
        ),
      );
    }, answerMs);
    write(unlockFrame(nonce, token));
    await promise;
    clearTimeout(timer);
    this.#releases.delete(token);
  }

  /** What the shell reports: `said TOKEN BYTE…`, then `lock TOKEN ANSWER`; `unlocked TOKEN`. */
  onMarker([verb, token, ...words]: readonly string[]): void {
    if (verb === 'unlocked') this.#releases.get(Number(token))?.();
    const request = this.#request;
    if (request === undefined || request.token !== Number(token)) return;
    if (verb === 'said')
      request.said = Buffer.concat([request.said, Buffer.from(words.join(''), 'hex')]).subarray(0, longestSaid);
    else if (verb === 'lock') request.settle(this.#answer(words[0], request.said.toString()));
  }

  lose(error: AppError): void {
    this.#lost ??= error;
    this.#stopBeating();
    const { message, hint } = error;
    this.#request?.settle(
      new AppError('connection-lost', `${message}: it is not known whether the lock was taken`, {
        cause: error,
        ...(hint === undefined ? {} : { hint }),
      }),
    );
    for (const released of this.#releases.values()) released();
  }

  get held(): boolean {
    return this.#beating !== undefined;
  }

  #answer(answer: string | undefined, said: string): LockAnswer | AppError {
    const { host } = this.#options;
    if (answer === 'taken') {
      this.#startBeating();
      return { held: true };
    }
    if (answer === 'busy') {
      const holder = readHolder(said);
      return { held: false, ...(holder === undefined ? {} : { holder }) };
    }
    if (answer === 'no-flock')
      return new AppError('missing-tool', `${host}: there is no flock`, { hint: `Install util-linux on ${host}.` });
    return new AppError('refused', `${host}: the lock cannot be taken: ${oneLine(said)}`, {
      hint: `plimsoll needs a directory of its own on ${host} that only the user it runs as can write: correct it, or set state_directory.`,
    });
  }

  #startBeating(): void {
    this.#beating = setInterval(() => {
      this.#options.write(heartbeatFrame());
    }, this.#options.heartbeat.intervalMs).unref();
  }

  #stopBeating(): void {
    clearInterval(this.#beating);
    this.#beating = undefined;
  }

  /** Frames are executed in order: should the lock be taken after all, it is let go of at once. */
  #takeBack(request: Request): void {
    this.#options.write(unlockFrame(this.#options.nonce, this.#nextToken()));
    request.settle(this.#interrupted());
  }

  #doNotWait(request: Request): void {
    const { host, answerMs, giveUp } = this.#options;
    request.settle(
      new AppError('timed-out', `${host}: no answer to the request for its lock within ${String(answerMs / 1000)} s`),
    );
    giveUp(new AppError('connection-lost', `${host}: the connection was given up because its shell does not answer`));
  }

  #interrupted(): AppError {
    return new AppError('interrupted', `${this.#options.host}: interrupted while asking for its lock`);
  }

  #nextToken(): number {
    this.#counter += 1;
    return this.#counter;
  }
}
