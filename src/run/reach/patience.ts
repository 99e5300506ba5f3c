import { AppError, type ErrorCode } from '../../errors.ts';

/** From one attempt to the next; the last one repeats. */
const backOffSeconds = [0, 1, 2, 4, 8, 15, 30];

/** Another attempt may succeed; with anything else it would not. */
const passing: ReadonlySet<ErrorCode> = new Set(['unreachable', 'connection-refused', 'connection-lost', 'timed-out']);

export function isPassing({ code }: AppError): boolean {
  return passing.has(code);
}

/** Attempts to make a connection again, and when they began. */
export class Patience {
  #attempts = 0;
  #since = performance.now();

  /** Seconds until the next attempt. */
  next(): number {
    const seconds = backOffSeconds[Math.min(this.#attempts, backOffSeconds.length - 1)] ?? 0;
    this.#attempts += 1;
    return seconds;
  }

  /** The first attempt is always made. */
  isOver(forMs: number): boolean {
    return this.#attempts > 0 && performance.now() - this.#since >= forMs;
  }
}

export function givenUp(reconnectMs: number, error?: AppError): AppError {
  const message = `the connection was lost and could not be made again within ${String(Math.round(reconnectMs / 1000))} s${error === undefined ? '' : `: ${error.message}`}`;
  return new AppError('connection-lost', message, {
    cause: error,
    hint: 'what was begun on the host goes on there; plimsoll resume follows it',
  });
}
