import { AppError } from '../../errors.ts';
import {
  type Command,
  type LockAnswer,
  type LockHolder,
  type Outcome,
  type RunOptions,
  ShellEnded,
} from '../transport.ts';
import { whenAborted } from './abort.ts';
import { tellEnough } from './enough.ts';
import { Flight, type OutputStream } from './flight.ts';
import { endReportMs, flightFrame, forkedFrame, preamble, stopFlightFrame } from './frames.ts';
import { GroupEnder } from './group-ender.ts';
import { defaultHeartbeat, type Heartbeat, HostLock } from './host-lock.ts';
import { MarkerReader } from './marker-reader.ts';
import { deferred } from '../../values/deferred.ts';
import { RunningCommand, type StopReason } from './running-command.ts';
import type { ShellChannel } from './shell-channel.ts';

export interface CommandShellOptions {
  /** The host's name, for messages. */
  readonly host: string;
  /** Random and hard to guess: it tells our markers from the commands' output. */
  readonly nonce: string;
  readonly commandTimeoutMs: number;
  /** What `$PLIMSOLL_STATE` is, as a word of shell. */
  readonly stateDirectory: string;
  /** For tests; `defaultHeartbeat` when absent. */
  readonly heartbeat?: Heartbeat;
}

/** The shell answers questions about its lock at once; a host that takes longer is in trouble, whatever its commands may take. */
const mostLockMs = 60_000;
/** As shells report SIGKILL. */
const statusOfKill = 137;

/**
 * Runs commands on one remote shell. Those that are waiting travel together as one frame (a flight);
 * the next flight leaves when the last one has been reported whole.
 */
export class CommandShell {
  readonly #channel: ShellChannel;
  readonly #options: CommandShellOptions;
  #waiting: RunningCommand[] = [];
  #flight = new Flight();
  readonly #groups: GroupEnder;
  readonly #lock: HostLock;
  #counter = 0;
  #scheduled = false;
  #lost: AppError | undefined;
  #deadline: NodeJS.Timeout | undefined;
  readonly #answered = deferred<undefined>();

  constructor(channel: ShellChannel, options: CommandShellOptions) {
    this.#channel = channel;
    this.#options = options;
    const { host, nonce, commandTimeoutMs, heartbeat = defaultHeartbeat } = options;
    const write = (frame: string): void => void channel.stdin.write(frame);
    this.#groups = new GroupEnder(write);
    this.#lock = new HostLock({
      host,
      nonce,
      answerMs: Math.min(commandTimeoutMs, mostLockMs),
      heartbeat,
      write,
      giveUp: (error) => {
        this.lose(error);
      },
    });
    const readerOf = (stream: OutputStream): MarkerReader =>
      new MarkerReader(
        nonce,
        (data) => {
          this.#flight.output(stream, data);
        },
        (words) => {
          this.#onMarker(stream, words);
        },
      );
    const out = readerOf('stdout');
    const err = readerOf('stderr');
    channel.stdout
      .on('data', (chunk: Buffer) => {
        out.push(chunk);
      })
      .resume();
    channel.stderr
      .on('data', (chunk: Buffer) => {
        err.push(chunk);
      })
      .resume();
    // A broken pipe is reported by the channel's end.
    channel.stdin.on('error', () => undefined);
    channel.stdin.write(preamble(nonce, options.stateDirectory));
    // Not everybody waits for it.
    this.#answered.promise.catch(() => undefined);
    void channel.ended.then(({ status }) => {
      const how = status === undefined ? '' : ` (the remote shell ended with status ${String(status)})`;
      const hint =
        status === statusOfKill && this.#lock.held
          ? `After ${String(heartbeat.patienceMs / 1000)} s without a sign of life from here ${host} ends the shell and frees its lock: was this machine asleep?`
          : undefined;
      const message = `${host}: the connection was lost${how}`;
      this.lose(status === undefined ? new AppError('connection-lost', message) : new ShellEnded(message, hint));
    });
  }

  run(command: Command, options: RunOptions = {}): Promise<Outcome> {
    const running = new RunningCommand(command, options);
    const { signal } = options;
    if (`${command.script}${(command.args ?? []).join('')}${command.stdin ?? ''}`.includes('\0')) {
      running.fail(
        'internal',
        `${this.#options.host}: a command's text contains a NUL character`,
        'Send binary data through a stream.',
      );
    } else if (this.#lost !== undefined) {
      this.#failLost(running, this.#lost);
    } else if (signal?.aborted === true) {
      running.fail('interrupted', `${this.#options.host}: interrupted before it was sent: ${running.title}`);
    } else {
      this.#waiting.push(running);
      this.#scheduleFlight();
      if (signal !== undefined) this.#listen(running, signal);
    }
    return running.outcome;
  }

  /** Ends the process group of a command that runs beside this shell. Resolves with whether it is gone. */
  endGroup(group: number): Promise<boolean> {
    return this.#groups.end(group);
  }

  lock(holder: LockHolder, signal?: AbortSignal): Promise<LockAnswer> {
    return this.#lock.take(holder, signal);
  }

  unlock(): Promise<void> {
    return this.#lock.release();
  }

  /** Resolves once the shell reads and executes what it is sent; rejects when it is lost before. */
  get ready(): Promise<undefined> {
    return this.#answered.promise;
  }

  /** Why it is of no use any more. */
  get lost(): AppError | undefined {
    return this.#lost;
  }

  /** Everything pending is rejected with this error, and everything that is asked from now on. */
  lose(error: AppError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    clearTimeout(this.#deadline);
    this.#answered.reject(error);
    this.#channel.destroy();
    this.#groups.lose();
    this.#lock.lose(error);
    const pending = [...this.#flight.commands, ...this.#waiting];
    this.#flight = new Flight();
    this.#waiting = [];
    for (const running of pending) this.#failLost(running, error);
  }

  #failLost(running: RunningCommand, error: AppError): void {
    const about = running.started ? 'it had started, its outcome is not known' : 'it is not known whether it ran';
    const code = error.code === 'interrupted' ? error.code : 'connection-lost';
    running.fail(code, `${error.message}: ${running.title}: ${about}`, error.hint, error);
  }

  #listen(running: RunningCommand, signal: AbortSignal): void {
    const forget = whenAborted(signal, () => {
      this.#stop(running, 'interrupted');
    });
    running.outcome.then(forget, forget);
  }

  #scheduleFlight(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#sendFlight();
    });
  }

  #sendFlight(): void {
    if (this.#flight.head !== undefined || this.#waiting.length === 0) return;
    // What runs in a copy of the shell is a flight of its own.
    const alone = this.#waiting.findIndex(({ command }) => command.forked !== undefined);
    this.#flight = new Flight(this.#waiting.splice(0, alone === -1 ? this.#waiting.length : Math.max(alone, 1)));
    for (const running of this.#flight.commands) {
      this.#counter += 1;
      running.index = this.#counter;
    }
    const [first] = this.#flight.commands;
    const { stdin } = this.#channel;
    if (first?.command.forked === undefined) stdin.write(flightFrame(this.#options.nonce, this.#flight.commands));
    else {
      stdin.write(forkedFrame(first));
      tellEnough(first, first.command.forked.enoughMs, (frame) => void stdin.write(frame));
    }
    this.#armDeadline();
  }

  /** The command at the head is the one that runs: its time counts from when the one before ended. */
  #armDeadline(): void {
    clearTimeout(this.#deadline);
    const { head } = this.#flight;
    if (head === undefined) return;
    if (head.stopping !== undefined) {
      this.#giveUpLater(head);
      return;
    }
    this.#deadline = setTimeout(() => {
      this.#stop(head, 'timed-out');
    }, head.command.timeoutMs ?? this.#options.commandTimeoutMs);
  }

  #stop(running: RunningCommand, reason: StopReason): void {
    if (running.settled || running.stopping !== undefined) return;
    const waiting = this.#waiting.indexOf(running);
    if (waiting !== -1) {
      this.#waiting.splice(waiting, 1);
      running.fail('interrupted', `${this.#options.host}: interrupted before it was sent: ${running.title}`);
      return;
    }
    running.stopping = reason;
    if (running === this.#flight.head) clearTimeout(this.#deadline);
    // Until it has reported its start it may still be kept from starting; the others are sent again.
    if (running.group === undefined) this.#channel.stdin.write(stopFlightFrame());
    else this.#endRunning(running, running.group);
    if (running === this.#flight.head) this.#giveUpLater(running);
  }

  #endRunning(running: RunningCommand, group: number): void {
    this.#flight.groupIsEnding(group);
    void this.#groups.end(group).then((gone) => {
      running.groupEnded = gone;
      if (gone) this.#settleInOrder();
      else this.#giveUp(running);
    });
  }

  /** For a command that is to be ended before it has even reported its start. */
  #giveUpLater(running: RunningCommand): void {
    const timer = setTimeout(() => {
      this.#giveUp(running);
    }, endReportMs);
    const forget = (): void => {
      clearTimeout(timer);
    };
    running.outcome.then(forget, forget);
  }

  #giveUp(running: RunningCommand): void {
    if (running.settled || this.#lost !== undefined) return;
    const { host } = this.#options;
    const hint = `Look at process group ${String(running.group ?? '?')} on ${host}: a process in state D waits for a device and cannot be ended.`;
    const why =
      running.stopping === 'interrupted' ? 'it was interrupted' : `its time (${this.#limit(running)}) was over`;
    running.fail('timed-out', `${host}: ${why}, but it could not be ended: ${running.title}`, hint);
    this.#flight.remove(running);
    this.lose(
      new AppError('connection-lost', `${host}: the connection was given up because a command could not be ended`, {
        hint,
      }),
    );
  }

  #limit(running: RunningCommand): string {
    return `${String((running.command.timeoutMs ?? this.#options.commandTimeoutMs) / 1000)} s`;
  }

  #onMarker(stream: OutputStream, words: readonly string[]): void {
    const [verb] = words;
    if (verb === 'ready') this.#answered.resolve(undefined);
    else if (verb === 'gone' || verb === 'alive') this.#groups.onMarker(words);
    else if (verb === 'said' || verb === 'lock' || verb === 'unlocked') this.#lock.onMarker(words);
    else this.#onReport(verb, this.#flight.report(stream, words));
  }

  #onReport(verb: string | undefined, running: RunningCommand | undefined): void {
    if (running === undefined) return;
    if (verb !== 'start') this.#settleInOrder();
    else if (running.stopping !== undefined && running.group !== undefined) this.#endRunning(running, running.group);
  }

  /** Answers come back in the order of the calls, also when an earlier command is still being ended. */
  #settleInOrder(): void {
    for (let { head } = this.#flight; head !== undefined && isDone(head); { head } = this.#flight) {
      this.#flight.remove(head);
      this.#settle(head);
      if (this.#flight.head !== undefined) this.#armDeadline();
    }
    if (this.#flight.head !== undefined) return;
    clearTimeout(this.#deadline);
    this.#scheduleFlight();
  }

  #settle(running: RunningCommand): void {
    const { host } = this.#options;
    running.stdout.end();
    running.stderr.end();
    if (running.stopping === 'interrupted') running.fail('interrupted', `${host}: interrupted: ${running.title}`);
    else if (running.stopping === 'timed-out')
      running.fail('timed-out', `${host}: did not end within ${this.#limit(running)} and was ended: ${running.title}`);
    else if (running.status === undefined) this.#sendAgain(running);
    else running.succeed();
  }

  /** Another command of its flight was stopped: it has not started, or it is one that may be run again. */
  #sendAgain(running: RunningCommand): void {
    running.reset();
    const later = this.#waiting.findIndex(({ index }) => index === 0 || index > running.index);
    this.#waiting.splice(later === -1 ? this.#waiting.length : later, 0, running);
  }
}

/** Reported whole, and, when it had to be ended, its process group is known to be gone. */
function isDone(running: RunningCommand): boolean {
  if (!running.ended) return false;
  return running.stopping === undefined || running.group === undefined || running.groupEnded === true;
}
