import { AppError } from '../../errors.ts';
import { interruptedConnecting, whenAborted } from './abort.ts';

/** What is waited for when the time is over, in words, and what can be done about it. */
export interface Stage {
  /** `the server did not confirm a channel`: what the message says of the host. */
  readonly failed: () => string;
  readonly hint: () => string;
  /** What the host has said, when it has: `: Sorry`. */
  readonly detail?: () => string;
}

/**
 * The time that one host has altogether, over all stages from the first packet to the ready shell. It passes only
 * while the host is waited for, not while a start waits for its turn behind others.
 */
export class Deadline {
  readonly #host: string;
  readonly #limitMs: number;
  readonly #running = new Set<Clock>();
  #usedMs = 0;

  constructor(host: string, limitMs: number) {
    this.#host = host;
    this.#limitMs = limitMs;
  }

  get isOver(): boolean {
    return this.#usedMs >= this.#limitMs;
  }

  /** Lets the time pass, and says when it is over; until what it returns is called. */
  start(stage: Stage, onOver: (error: AppError) => void): () => void {
    const clock = new Clock((ms) => {
      this.#usedMs += ms;
    });
    const go = (): void => {
      clock.go(Math.max(0, this.#limitMs - this.#usedMs), () => {
        onOver(this.#over(stage));
      });
    };
    clock.resume = go;
    this.#running.add(clock);
    go();
    return () => {
      clock.stop();
      this.#running.delete(clock);
    };
  }

  /** A person is waited for, not the host; until what it returns is called. */
  pause(): () => void {
    for (const clock of this.#running) clock.stop();
    return () => {
      for (const clock of this.#running) clock.resume();
    };
  }

  /**
   * The work's result; `unreachable` when the time is over before it, `interrupted` as soon as the signal is aborted.
   * The work itself goes on: `late` is given what it comes to then.
   */
  wait<Value>(stage: Stage, work: Promise<Value>, signal: AbortSignal, late?: (value: Value) => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      let given = false;
      let forget = (): void => undefined;
      const settle = (how: () => void): void => {
        if (given) return;
        given = true;
        stop();
        forget();
        how();
      };
      const stop = this.start(stage, (error) => {
        settle(() => {
          reject(error);
        });
      });
      forget = whenAborted(signal, () => {
        settle(() => {
          reject(interruptedConnecting(this.#host));
        });
      });
      work.then(
        (value) => {
          if (given) late?.(value);
          else
            settle(() => {
              resolve(value);
            });
        },
        (error: unknown) => {
          settle(() => {
            reject(error instanceof Error ? error : new Error(String(error)));
          });
        },
      );
    });
  }

  #over({ failed, hint, detail }: Stage): AppError {
    return new AppError(
      'unreachable',
      `${this.#host}: ${failed()} within ${String(this.#limitMs / 1000)} s${detail?.() ?? ''}`,
      { hint: hint() },
    );
  }
}

/** Time that passes, until it is stopped. */
class Clock {
  readonly #passed: (ms: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #began = 0;
  resume: () => void = () => undefined;

  constructor(passed: (ms: number) => void) {
    this.#passed = passed;
  }

  go(ms: number, onOver: () => void): void {
    this.#began = performance.now();
    this.#timer = setTimeout(onOver, ms);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#passed(performance.now() - this.#began);
  }
}

/** Reading a file of this machine takes no longer than this, unless it is no ordinary one. */
const readingMs = 30_000;

/** `what`: `its key files (…)`. */
export function readInTime<Value>(
  host: string,
  what: string,
  reading: Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  const stage: Stage = {
    failed: () => `${what} could not be read`,
    hint: () => `Correct the paths in the inventory: ${host} needs ordinary files of this machine.`,
  };
  return new Deadline(host, readingMs).wait(stage, reading, signal);
}

/** connect_timeout is named where more time may help. */
export function moreTime(advice: string): string {
  return `${advice}; connect_timeout sets the time.`;
}
