import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command, Outcome, RunOptions } from '../transport.ts';
import { whenAborted } from './abort.ts';
import { streamProgram } from './frames.ts';
import { MarkerReader } from './marker-reader.ts';
import { RunningCommand, type StopReason } from './running-command.ts';
import type { ShellChannel } from './shell-channel.ts';

export interface SingleProgramOptions {
  readonly host: string;
  readonly nonce: string;
  readonly commandTimeoutMs: number;
  /** What `$PLIMSOLL_STATE` is, as a word of shell. */
  readonly stateDirectory: string;
  /** How long a program that is to be ended may take to say which process group it is. */
  readonly reportMs: number;
  /** Ends a process group on the host, by another way than this channel. Resolves with whether it is gone. */
  readonly endGroup: (group: number) => Promise<boolean>;
}

export interface ProgramStreams {
  readonly input?: Readable;
  readonly output?: Writable;
}

/** Runs one command on a channel that belongs to it alone: raw data in, raw data out. */
export function runSingleProgram(
  channel: ShellChannel,
  command: Command,
  io: ProgramStreams,
  options: SingleProgramOptions,
  runOptions: RunOptions = {},
): Promise<Outcome> {
  return new SingleProgram(channel, command, io, options, runOptions).run();
}

/** Whoever interrupts does not wait longer for a program to say that it has started. */
const interruptedMs = 2000;

class SingleProgram {
  readonly #channel: ShellChannel;
  readonly #io: ProgramStreams;
  readonly #options: SingleProgramOptions;
  readonly #running: RunningCommand;
  readonly #limitMs: number;
  #ended = false;
  #failure: { readonly what: string; readonly cause: unknown } | undefined;
  #ending: Promise<boolean> | undefined;
  #givingUp: NodeJS.Timeout | undefined;

  constructor(
    channel: ShellChannel,
    command: Command,
    io: ProgramStreams,
    options: SingleProgramOptions,
    runOptions: RunOptions,
  ) {
    this.#channel = channel;
    this.#io = io;
    this.#options = options;
    this.#running = new RunningCommand(command, runOptions);
    this.#limitMs = command.timeoutMs ?? options.commandTimeoutMs;
  }

  async run(): Promise<Outcome> {
    const { stdin, stdout, stderr, ended } = this.#channel;
    const { command, options } = this.#running;
    const { input, output } = this.#io;
    const reader = new MarkerReader(
      this.#options.nonce,
      (data) => {
        this.#running.stderr.push(data);
      },
      ([, group]) => {
        this.#running.group = Number(group);
        if (this.#mustEnd()) this.#end();
      },
    );
    stderr
      .on('data', (chunk: Buffer) => {
        reader.push(chunk);
      })
      .resume();
    stdin.on('error', () => undefined);
    const timer = setTimeout(() => {
      this.#stop('timed-out');
    }, this.#limitMs);
    const forget = whenAborted(options.signal, () => {
      this.#stop('interrupted');
    });

    stdin.write(programLine(this.#options, command));
    if (input === undefined) stdin.end(command.stdin ?? '');
    else void this.#feed(input);
    if (output === undefined)
      stdout
        .on('data', (chunk: Buffer) => {
          this.#running.stdout.push(chunk);
        })
        .resume();
    const copied = output === undefined ? Promise.resolve() : this.#drain(output);

    const { status } = await ended;
    this.#ended = true;
    clearTimeout(timer);
    clearTimeout(this.#givingUp);
    forget();
    input?.destroy();
    // Whoever has failed says no more when it is done.
    if (this.#failure === undefined) await copied;
    const gone = await this.#ending;
    this.#running.stdout.end();
    this.#running.stderr.end();
    this.#settle(status, gone);
    return await this.#running.outcome;
  }

  /** A source that fails must not look like one that has ended: then the program is ended too. */
  async #feed(input: Readable): Promise<void> {
    const { stdin, ended } = this.#channel;
    try {
      for await (const chunk of input) {
        if (!stdin.write(chunk)) await Promise.race([once(stdin, 'drain'), ended]);
      }
      stdin.end();
    } catch (error) {
      // A program may well end without reading all of its input: that is no failure of the input.
      if (!this.#ended && stdin.errored === null) this.#fail('its input could not be read', error);
    }
  }

  /**
   * Whoever writes no more says so itself: a pipe towards it waits for the end of its source, reads no more of it,
   * and a channel ends only once everything has been read.
   */
  async #drain(output: Writable): Promise<void> {
    const { stdout } = this.#channel;
    const broken = (): void => {
      if (!output.writableFinished) this.#fail('its output could not be written', output.errored);
    };
    if (output.destroyed) {
      stdout.resume();
      broken();
      return;
    }
    output.once('close', broken);
    await pipeline(stdout, output).catch(broken);
  }

  #stop(reason: StopReason): void {
    this.#running.stopping ??= reason;
    this.#end();
  }

  #fail(what: string, cause: unknown): void {
    this.#failure ??= { what, cause };
    if (!this.#ended) this.#end();
  }

  #mustEnd(): boolean {
    return this.#running.stopping !== undefined || this.#failure !== undefined;
  }

  /** Before it has reported its process group there is nothing to end yet; the report comes back here, or never. */
  #end(): void {
    const { group } = this.#running;
    if (this.#ending !== undefined) return;
    if (group === undefined) {
      const waitMs =
        this.#running.stopping === 'interrupted'
          ? Math.min(interruptedMs, this.#options.reportMs)
          : this.#options.reportMs;
      this.#givingUp ??= setTimeout(() => {
        this.#channel.destroy();
      }, waitMs);
      return;
    }
    clearTimeout(this.#givingUp);
    this.#ending = this.#options.endGroup(group);
    void this.#ending.then(() => {
      this.#channel.destroy();
    });
  }

  #settle(status: number | undefined, gone: boolean | undefined): void {
    const running = this.#running;
    const { host } = this.#options;
    const { title } = running;
    if (this.#failure !== undefined) {
      running.fail('action-failed', `${host}: ${this.#failure.what}: ${title}`, undefined, this.#failure.cause);
    } else if (
      running.stopping !== undefined &&
      (gone === false || (gone === undefined && running.stopping === 'timed-out'))
    ) {
      running.fail(
        'timed-out',
        `${host}: it could not be ended: ${title}`,
        `Look at process group ${String(running.group ?? '?')} on ${host}.`,
      );
    } else if (running.stopping === 'interrupted') {
      running.fail('interrupted', `${host}: interrupted: ${title}`);
    } else if (running.stopping === 'timed-out') {
      running.fail(
        'timed-out',
        `${host}: did not end within ${String(this.#limitMs / 1000)} s and was ended: ${title}`,
      );
    } else if (status === undefined) {
      running.fail('connection-lost', `${host}: the connection was lost: ${title}: its outcome is not known`);
    } else {
      running.status = status;
      running.succeed();
    }
  }
}

/** The whole program as one line in the encoding of `printf %b`. */
function programLine({ nonce, stateDirectory }: SingleProgramOptions, command: Command): string {
  return `${streamProgram(nonce, stateDirectory, command).replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`;
}
