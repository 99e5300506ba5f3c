import { AppError } from '../../errors.ts';
import type { Command, Outcome, RunOptions } from '../transport.ts';
import { whenAborted } from './abort.ts';
import { endGroupFrame, endReportMs, flightFrame, preamble, stopFlightFrame } from './frames.ts';
import { MarkerReader } from './marker-reader.ts';
import { RunningCommand, type StopReason } from './running-command.ts';
import type { ShellChannel } from './shell-channel.ts';

export interface CommandShellOptions {
  /** The host's name, for messages. */
  readonly host: string;
  /** Random and hard to guess: it tells our markers from the commands' output. */
  readonly nonce: string;
  readonly commandTimeoutMs: number;
}

/**
 * Runs commands on one remote shell. Those that are waiting travel together as one frame (a flight);
 * the next flight leaves when the last one has been reported whole.
 */
export class CommandShell {
  readonly #channel: ShellChannel;
  readonly #options: CommandShellOptions;
  #waiting: RunningCommand[] = [];
  #flight: RunningCommand[] = [];
  /** Requests to end the process group of a command that travels on a channel of its own. */
  readonly #groupReports = new Map<number, (gone: boolean) => void>();
  /** Process groups that were told to end: what a neighbour in one of them reports after that is not its own doing. */
  readonly #endedGroups = new Set<number>();
  #counter = 0;
  #scheduled = false;
  #lost: AppError | undefined;
  #deadline: NodeJS.Timeout | undefined;

  constructor(channel: ShellChannel, options: CommandShellOptions) {
    this.#channel = channel;
    this.#options = options;
    const out = new MarkerReader(options.nonce, (data) => this.#stdoutCommand()?.stdout.push(data), (words) => { this.#onMarker('stdout', words); });
    const err = new MarkerReader(options.nonce, (data) => this.#stderrCommand()?.stderr.push(data), (words) => { this.#onMarker('stderr', words); });
    channel.stdout.on('data', (chunk: Buffer) => { out.push(chunk); }).resume();
    channel.stderr.on('data', (chunk: Buffer) => { err.push(chunk); }).resume();
    // A broken pipe is reported by the channel's end.
    channel.stdin.on('error', () => undefined);
    channel.stdin.write(preamble(options.nonce));
    void channel.ended.then(({ status }) => {
      const how = status === undefined ? '' : ` (the remote shell ended with status ${String(status)})`;
      this.lose(new AppError('connection-lost', `${options.host}: the connection was lost${how}`));
    });
  }

  run(command: Command, options: RunOptions = {}): Promise<Outcome> {
    const running = new RunningCommand(command, options);
    const { signal } = options;
    if (`${command.script}${(command.args ?? []).join('')}${command.stdin ?? ''}`.includes('\0')) {
      running.fail('internal', `${this.#options.host}: a command's text contains a NUL character`, 'Send binary data through a stream.');
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
    if (this.#lost !== undefined) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => { report(false); }, endReportMs);
      const report = (gone: boolean): void => {
        clearTimeout(timer);
        this.#groupReports.delete(group);
        resolve(gone);
      };
      this.#groupReports.set(group, report);
      this.#channel.stdin.write(endGroupFrame(group));
    });
  }

  /** Everything pending is rejected with this error, and everything that is asked from now on. */
  lose(error: AppError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    clearTimeout(this.#deadline);
    this.#channel.destroy();
    for (const report of [...this.#groupReports.values()]) report(false);
    const pending = [...this.#flight, ...this.#waiting];
    this.#flight = [];
    this.#waiting = [];
    for (const running of pending) this.#failLost(running, error);
  }

  #failLost(running: RunningCommand, error: AppError): void {
    const about = running.group === undefined ? 'it is not known whether it ran' : 'it had started, its outcome is not known';
    running.fail('connection-lost', `${error.message}: ${running.title}: ${about}`, error.hint, error);
  }

  #listen(running: RunningCommand, signal: AbortSignal): void {
    const forget = whenAborted(signal, () => { this.#stop(running, 'interrupted'); });
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
    if (this.#flight.length > 0 || this.#waiting.length === 0) return;
    this.#flight = this.#waiting;
    this.#waiting = [];
    this.#endedGroups.clear();
    for (const running of this.#flight) {
      this.#counter += 1;
      running.index = this.#counter;
    }
    this.#channel.stdin.write(flightFrame(this.#options.nonce, this.#flight));
    this.#armDeadline();
  }

  /** The command at the head is the one that runs: its time counts from when the one before ended. */
  #armDeadline(): void {
    clearTimeout(this.#deadline);
    const head = this.#flight[0];
    if (head === undefined) return;
    if (head.stopping !== undefined) {
      this.#giveUpLater(head);
      return;
    }
    this.#deadline = setTimeout(() => { this.#stop(head, 'timed-out'); }, head.command.timeoutMs ?? this.#options.commandTimeoutMs);
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
    if (running === this.#flight[0]) clearTimeout(this.#deadline);
    // Until it has reported its start it may still be kept from starting; the others are sent again.
    if (running.group === undefined) this.#channel.stdin.write(stopFlightFrame());
    else this.#endRunning(running, running.group);
    if (running === this.#flight[0]) this.#giveUpLater(running);
  }

  #endRunning(running: RunningCommand, group: number): void {
    this.#endedGroups.add(group);
    void this.endGroup(group).then((gone) => {
      running.groupEnded = gone;
      if (gone) this.#settleInOrder();
      else this.#giveUp(running);
    });
  }

  /** For a command that is to be ended before it has even reported its start. */
  #giveUpLater(running: RunningCommand): void {
    const timer = setTimeout(() => { this.#giveUp(running); }, endReportMs);
    const forget = (): void => { clearTimeout(timer); };
    running.outcome.then(forget, forget);
  }

  #giveUp(running: RunningCommand): void {
    if (running.settled || this.#lost !== undefined) return;
    const { host } = this.#options;
    const hint = `Look at process group ${String(running.group ?? '?')} on ${host}: a process in state D waits for a device and cannot be ended.`;
    const why = running.stopping === 'interrupted' ? 'it was interrupted' : `its time (${this.#limit(running)}) was over`;
    running.fail('timed-out', `${host}: ${why}, but it could not be ended: ${running.title}`, hint);
    this.#flight = this.#flight.filter((other) => other !== running);
    this.lose(new AppError('connection-lost', `${host}: the connection was given up because a command could not be ended`, { hint }));
  }

  #limit(running: RunningCommand): string {
    return `${String((running.command.timeoutMs ?? this.#options.commandTimeoutMs) / 1000)} s`;
  }

  #stdoutCommand(): RunningCommand | undefined {
    const head = this.#flight.find((running) => !running.stdoutEnded);
    return head?.group === undefined ? undefined : head;
  }

  #stderrCommand(): RunningCommand | undefined {
    return this.#flight.find((running) => !running.stderrEnded);
  }

  #onMarker(stream: 'stdout' | 'stderr', [verb, first, second]: readonly string[]): void {
    const number = Number(first);
    if (verb === 'gone' || verb === 'alive') {
      this.#groupReports.get(number)?.(verb === 'gone');
      return;
    }
    const running = this.#flight.find(({ index }) => index === number);
    if (running === undefined) return;
    if (verb === 'start') {
      running.group = Number(second);
      if (running.stopping !== undefined) this.#endRunning(running, running.group);
    } else {
      if (stream === 'stdout') {
        running.stdoutEnded = true;
        if (verb === 'end' && !this.#isBystander(running)) running.status = Number(second);
      } else {
        running.stderrEnded = true;
      }
      this.#settleInOrder();
    }
  }

  #isBystander({ group, stopping }: RunningCommand): boolean {
    return stopping === undefined && group !== undefined && this.#endedGroups.has(group);
  }

  /** Answers come back in the order of the calls, also when an earlier command is still being ended. */
  #settleInOrder(): void {
    for (let head = this.#flight[0]; head !== undefined && isDone(head); head = this.#flight[0]) {
      this.#flight.shift();
      this.#settle(head);
      if (this.#flight.length > 0) this.#armDeadline();
    }
    if (this.#flight.length > 0) return;
    clearTimeout(this.#deadline);
    this.#scheduleFlight();
  }

  #settle(running: RunningCommand): void {
    const { host } = this.#options;
    running.stdout.end();
    running.stderr.end();
    if (running.stopping === 'interrupted') running.fail('interrupted', `${host}: interrupted: ${running.title}`);
    else if (running.stopping === 'timed-out') running.fail('timed-out', `${host}: did not end within ${this.#limit(running)} and was ended: ${running.title}`);
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
