import { PassThrough, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../errors.ts';
import type { Command, Connection, Outcome } from '../transport/transport.ts';
import { oneLine } from '../values/terminal.ts';
import type { Laptop } from './laptop.ts';

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
export interface Destination {
  /** Up to where the part is there, and can be gone on with. */
  arrived(): Promise<number>;
  receive(at: number, input: Readable): Promise<void>;
  /** Whether the part was the file, and is in its place now; it is gone when it was another one. */
  keep(expected: Expected): Promise<boolean>;
}

/** A minute, and a second for each 100 kB: slower than that is a connection that has died. */
export function transferTime(bytes: number): number {
  return 60_000 + Math.ceil(bytes / 100_000) * 1000;
}

/**
 * Brings a file from one end to the other, and goes on with what an earlier attempt has brought. It is
 * in its place only when it is there whole, on the disk, with the digest that it has at the other end.
 */
export async function transfer(origin: Origin, destination: Destination, expected: Expected, onProgress: (bytes: number) => void): Promise<void> {
  const at = await destination.arrived();
  if (at < expected.bytes) {
    const pipe = new PassThrough();
    let bytes = at;
    pipe.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      onProgress(bytes);
    });
    // The pipe's end is told by the ends. One of them may fail before the other listens, and an error that nobody hears ends the program.
    pipe.on('error', () => undefined);
    pipe.pause();
    await together(pipe, origin.send(at, pipe), destination.receive(at, pipe));
  }
  if (!(await destination.keep(expected))) throw new AppError('action-failed', 'what arrived is not what was sent: it has been removed', { hint: 'run the same again: it begins from the start' });
}

/** Whichever end fails first ends the other one, and says why. */
async function together(pipe: PassThrough, ...ends: readonly Promise<void>[]): Promise<void> {
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

/** `$1` path. Prints how many bytes of the part are there. */
const arrivedScript = `part=$(dirname -- "$1")/.$(basename -- "$1").part
[ ! -e "$part" ] && echo 0 || stat -c %s -- "$part"`;

/** `$1` path, `$2` blocks to leave. */
const receiveScript = `part=$(dirname -- "$1")/.$(basename -- "$1").part
trap '' HUP PIPE
mkdir -p -- "$(dirname -- "$1")" && exec dd of="$part" ibs=65536 obs=${String(blockBytes)} seek="$2" conv=notrunc 2>/dev/null`;

/** `$1` path, `$2` mode, `$3` owner or empty, `$4` digest, `$5` bytes. What is in place already is as good. Ends with status 9 when it is another file. */
const keepScript = `set -f
directory=$(dirname -- "$1"); part=$directory/.$(basename -- "$1").part
is() { [ -f "$1" ] && [ "$(stat -c %s -- "$1")" = "$2" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$3" ]; }
[ -e "$part" ] || : >"$part" || exit 1
is "$part" "$5" "$4" || { rm -f -- "$part"; exit 9; }
chmod "$2" "$part" || exit 1
[ -z "$3" ] || chown "$3" "$part" || exit 1
sync "$part" || exit 1
mv -f -- "$part" "$1" && sync "$directory"`;

export interface HostFilePlace {
  readonly path: string;
  readonly mode: string;
  readonly owner?: string | undefined;
}

/** One end on a host: streams have channels of their own. */
export class HostEnd implements Origin, Destination {
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

  #run(script: string, args: readonly string[]): Promise<Outcome> {
    return this.#noting(this.#connection.run({ script, args, prints: 'data', timeoutMs: this.#timeoutMs }, { signal: this.#signal }));
  }

  #stream(script: string, args: readonly string[], io: { readonly input?: Readable; readonly output?: Writable }): Promise<Outcome> {
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
    if (status !== 0) throw new AppError('action-failed', `${this.#place.path}: ${stderr === '' ? `exit status ${String(status)}: is there room for it?` : oneLine(stderr)}`);
  }
}

/** The other end on the laptop. */
export class LaptopEnd implements Origin, Destination {
  readonly #laptop: Laptop;
  readonly #path: string;

  constructor(laptop: Laptop, path: string) {
    this.#laptop = laptop;
    this.#path = path;
  }

  send(at: number, output: Writable): Promise<void> {
    return pipeline(this.#laptop.read(this.#path, at), output);
  }

  arrived(): Promise<number> {
    return this.#laptop.part(this.#path).bytes();
  }

  async receive(at: number, input: Readable): Promise<void> {
    try {
      await pipeline(input, await this.#laptop.part(this.#path).write(at));
    } catch (thrown) {
      // Of the other end, where it is one of ours.
      if (thrown instanceof AppError || !(thrown instanceof Error)) throw thrown;
      throw new AppError('action-failed', `${this.#path} on this machine: ${thrown.message}`, { hint: 'what has arrived is kept: make room, then plimsoll resume goes on with it', cause: thrown });
    }
  }

  keep(expected: Expected): Promise<boolean> {
    return this.#laptop.part(this.#path).keep(expected.sha256, expected.bytes);
  }
}
