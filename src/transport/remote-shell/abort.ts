import { setMaxListeners } from 'node:events';
import { AppError } from '../../errors.ts';

/**
 * Calls the listener when the signal is aborted, at once when it already is. Returns how to stop
 * listening. One signal serves all hosts of a run, so many listeners on it are no leak.
 */
export function whenAborted(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  setMaxListeners(0, signal);
  signal.addEventListener('abort', listener, { once: true });
  return () => {
    signal.removeEventListener('abort', listener);
  };
}

/** The work's result, or an `interrupted` error as soon as the signal is aborted; the work itself goes on. */
export function interruptible<Value>(work: Promise<Value>, signal: AbortSignal, host: string): Promise<Value> {
  return new Promise((resolve, reject) => {
    const forget = whenAborted(signal, () => {
      reject(interruptedConnecting(host));
    });
    void work.then(resolve, reject).finally(forget);
  });
}

export function interruptedConnecting(host: string, cause?: unknown): AppError {
  return new AppError('interrupted', `${host}: interrupted while connecting`, { cause });
}
