import { type Readable, Transform, type TransformCallback, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../../errors.ts';
import type { Command, Connection, Outcome } from '../../../transport/transport.ts';
import { oneLine } from '../../../values/terminal.ts';
import type { Laptop } from '../../reach/laptop.ts';
import { shell } from '../../../shell/shell.ts';

/** What a file must be once it has arrived. */
export interface Expected {
  readonly sha256: string;
  readonly bytes: number;
}

/** Where a file comes from: from a position in it on. */
export interface Origin {
  send(at: number, output: Writable): Promise<void>;
}

/** Where a file goes: into a part beside its place, which is put there once it has been proven to be the file. */
export interface TransferEnd {
  /** Up to where the part is there, and can be gone on with. */
  arrived(): Promise<number>;
  receive(at: number, input: Readable): Promise<void>;
  /** Whether the part was the file, and is in its place now; it is gone when it was another one. */
  keep(expected: Expected): Promise<boolean>;
  /** Removes the part. */
  discard(): Promise<void>;
}

/** A timer that is to take longer goes off at once. */
const longestTimerMs = 2 ** 31 - 1;

/** A minute, and a second for each 100 kB: slower than that is a connection that has died. */
export function transferTime(bytes: number): number {
  return Math.min(60_000 + Math.ceil(bytes / 100_000) * 1000, longestTimerMs);
}

/** Passes on no more than there is to be. How much that is is known before; where it ends is the word of whoever sends. */
export class AtMost extends Transform {
  exceeded: AppError | undefined;
  #bytes: number;
  readonly #most: number;
  readonly #onProgress: (bytes: number) => void;

  constructor(at: number, most: number, onProgress: (bytes: number) => void = () => undefined) {
    super();
    this.#bytes = at;
    this.#most = most;
    this.#onProgress = onProgress;
    // Its end is told by the ends. One of them may fail before the other listens, and an error that nobody hears ends the program.
    this.on('error', () => undefined);
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#most) {
      this.exceeded = new AppError(
        'action-failed',
        `more arrives than the ${String(this.#most)} bytes that it is to have: it was stopped, and what had arrived has been removed`,
        { hint: 'the file is another one than the plan saw, or the host does not tell the truth: look at it there' },
      );
      done(this.exceeded);
      return;
    }
    this.#onProgress(this.#bytes);
    done(null, chunk);
  }
}

/**
 * Brings a file from one end to the other, and goes on with what an earlier attempt has brought. It is
 * in its place only when it is there whole, on the disk, with the digest that it has at the other end.
 */
export async function transfer(
  origin: Origin,
  destination: TransferEnd,
  expected: Expected,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const at = await destination.arrived();
  if (at < expected.bytes) {
    const pipe = new AtMost(at, expected.bytes, onProgress);
    try {
      await together(pipe, origin.send(at, pipe), destination.receive(at, pipe));
    } catch (thrown) {
      if (pipe.exceeded === undefined) throw thrown;
      await destination.discard();
      throw pipe.exceeded;
    }
  }
  if (!(await destination.keep(expected)))
    throw new AppError('action-failed', 'what arrived is not what was sent: it has been removed', {
      hint: 'run the same again: it begins from the start',
    });
}

/** Whichever end fails first ends the other one, and says why. */
async function together(pipe: AtMost, ...ends: readonly Promise<void>[]): Promise<void> {
  const thrown: Error[] = [];
  await Promise.all(
    ends.map((end) =>
      end.catch((error: unknown) => {
        const failure = error instanceof Error ? error : new Error(String(error));
        thrown.push(failure);
        pipe.destroy(failure);
      }),
    ),
  );
  const [first] = thrown;
  if (first !== undefined) throw first;
}

/** Large blocks, of which each has its place in the file: what a connection that was lost still writes is written where it belongs. */
const blockBytes = 1_048_576;

const arrivedScript = shell('run/work/transfers/bytes-arrived.sh');

const receiveScript = shell('run/work/transfers/receive-part.sh', { block_bytes: blockBytes });

/** Ends with status 9 when it is another file. */
const keepScript = shell('run/work/transfers/keep-part.sh');

const discardScript = shell('run/work/transfers/discard-part.sh');

export interface HostFilePlace {
  readonly path: string;
  readonly mode: string;
  readonly owner?: string | undefined;
}

/** One end on a host: streams have channels of their own. */
export class HostEnd implements Origin, TransferEnd {
  /** The connection to this very host was lost over it. */
  lost = false;
  readonly #connection: Connection;
  readonly #place: HostFilePlace;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;

  constructor(connection: Connection, place: HostFilePlace, bytes: number, signal: AbortSignal) {
    this.#connection = connection;
    this.#place = place;
    this.#timeoutMs = transferTime(bytes);
    this.#signal = signal;
  }

  async send(at: number, output: Writable): Promise<void> {
    this.#mustBe0(await this.#stream('tail -c "+$2" -- "$1"', [this.#place.path, String(at + 1)], { output }));
  }

  async arrived(): Promise<number> {
    const outcome = await this.#run(arrivedScript, [this.#place.path]);
    this.#mustBe0(outcome);
    return Math.floor(Number(outcome.stdout) / blockBytes) * blockBytes;
  }

  async receive(at: number, input: Readable): Promise<void> {
    this.#mustBe0(await this.#stream(receiveScript, [this.#place.path, String(at / blockBytes)], { input }));
  }

  async keep({ sha256, bytes }: Expected): Promise<boolean> {
    const { path, mode, owner = '' } = this.#place;
    const outcome = await this.#run(keepScript, [path, mode, owner, sha256, String(bytes)]);
    if (outcome.status === 9) return false;
    this.#mustBe0(outcome);
    return true;
  }

  async discard(): Promise<void> {
    this.#mustBe0(await this.#run(discardScript, [this.#place.path]));
  }

  #run(script: string, args: readonly string[]): Promise<Outcome> {
    return this.#noting(
      this.#connection.run({ script, args, prints: 'data', timeoutMs: this.#timeoutMs }, { signal: this.#signal }),
    );
  }

  #stream(
    script: string,
    args: readonly string[],
    io: { readonly input?: Readable; readonly output?: Writable },
  ): Promise<Outcome> {
    const command: Command = { script, args, timeoutMs: this.#timeoutMs };
    return this.#noting(this.#connection.stream(command, io, { signal: this.#signal }));
  }

  async #noting(outcome: Promise<Outcome>): Promise<Outcome> {
    try {
      return await outcome;
    } catch (thrown) {
      this.lost ||= thrown instanceof AppError && thrown.code === 'connection-lost';
      throw thrown;
    }
  }

  #mustBe0({ status, stderr }: Outcome): void {
    if (status !== 0)
      throw new AppError(
        'action-failed',
        `${this.#place.path}: ${stderr === '' ? `exit status ${String(status)}: is there room for it?` : oneLine(stderr)}`,
      );
  }
}

/** The other end on the laptop. */
export class LaptopEnd implements Origin, TransferEnd {
  readonly #laptop: Laptop;
  readonly #path: string;
  readonly #bytes: number;

  constructor(laptop: Laptop, path: string, bytes: number) {
    this.#laptop = laptop;
    this.#path = path;
    this.#bytes = bytes;
  }

  send(at: number, output: Writable): Promise<void> {
    return pipeline(this.#laptop.read(this.#path, at), output);
  }

  arrived(): Promise<number> {
    return this.#laptop.part(this.#path).bytes();
  }

  async receive(at: number, input: Readable): Promise<void> {
    try {
      await pipeline(input, await this.#laptop.part(this.#path).write(at, this.#bytes));
    } catch (thrown) {
      // Of the other end, where it is one of ours.
      if (thrown instanceof AppError || !(thrown instanceof Error)) throw thrown;
      throw new AppError('action-failed', `${this.#path} on this machine: ${thrown.message}`, {
        hint: 'what has arrived is kept: make room, then plimsoll resume goes on with it',
        cause: thrown,
      });
    }
  }

  discard(): Promise<void> {
    return this.#laptop.part(this.#path).discard();
  }

  keep(expected: Expected): Promise<boolean> {
    return this.#laptop.part(this.#path).keep(expected.sha256, expected.bytes);
  }
}
