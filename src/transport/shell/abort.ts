import { setMaxListeners } from 'node:events';

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
  return () => { signal.removeEventListener('abort', listener); };
}
