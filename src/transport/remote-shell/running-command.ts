import { AppError, type ErrorCode } from '../../errors.ts';
import { deferred } from '../../values/deferred.ts';
import { oneLine } from '../../values/terminal.ts';
import { type Command, defaultMaxOutputBytes, type Outcome, type RunOptions } from '../transport.ts';
import { Output } from './output.ts';

export type StopReason = 'timed-out' | 'interrupted';

/** One `run` call: what has arrived of its output, and how far it has got. */
export class RunningCommand {
  /** What its markers say; another one each time it is sent. */
  index = 0;
  readonly command: Command;
  readonly options: RunOptions;
  stdout: Output;
  stderr: Output;
  readonly outcome: Promise<Outcome>;
  started = false;
  /** The process group, once the command has reported its start: absent of what runs in a copy of the shell. */
  group: number | undefined;
  status: number | undefined;
  stdoutEnded = false;
  stderrEnded = false;
  /** Why it is being ended, when it is. */
  stopping: StopReason | undefined;
  /** What became of its process group after a request to end it. */
  groupEnded: boolean | undefined;
  settled = false;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reject: (error: AppError) => void;

  constructor(command: Command, options: RunOptions) {
    this.command = command;
    this.options = options;
    this.stdout = this.#output('stdout');
    this.stderr = this.#output('stderr');
    const { promise, resolve, reject } = deferred<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** As it was before it was sent, to be sent again. */
  reset(): void {
    this.started = false;
    this.group = undefined;
    this.status = undefined;
    this.stdoutEnded = false;
    this.stderrEnded = false;
    this.stdout = this.#output('stdout');
    this.stderr = this.#output('stderr');
  }

  #output(stream: 'stdout' | 'stderr'): Output {
    const { onOutput } = this.options;
    return new Output(
      this.command.maxOutputBytes ?? defaultMaxOutputBytes,
      onOutput === undefined
        ? undefined
        : (text) => {
            onOutput(stream, text);
          },
    );
  }

  get ended(): boolean {
    return this.stdoutEnded && this.stderrEnded;
  }

  /** The command in one line, for messages. Its arguments may be secret, so only the script is shown. */
  get title(): string {
    return oneLine(this.command.script, 80);
  }

  succeed(): void {
    if (this.settled) return;
    this.settled = true;
    const { stdout, stderr } = this;
    this.#resolve({
      status: this.status ?? 0,
      stdout: stdout.text(),
      stderr: stderr.text(),
      droppedBytes: stdout.droppedBytes + stderr.droppedBytes,
      ...(typeof this.command.prints === 'object'
        ? { bytes: { stdout: stdout.keptBytes, stderr: stderr.keptBytes } }
        : {}),
    });
  }

  fail(code: ErrorCode, message: string, hint?: string, cause?: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.#reject(
      new AppError(code, message, {
        ...(hint === undefined ? {} : { hint }),
        ...(cause === undefined ? {} : { cause }),
      }),
    );
  }
}
