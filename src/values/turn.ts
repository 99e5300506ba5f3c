/** So long one thing may keep a signal, and everything else, from its turn. */
const longestMs = 50;

let last = performance.now();

/**
 * Called between pieces of work that only compute: lets everything else have its turn when it is time.
 * Waiting for what is known already does not. Errors: the signal's reason.
 */
export async function giveTurn(signal?: AbortSignal): Promise<void> {
  if (performance.now() - last >= longestMs) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    last = performance.now();
  }
  signal?.throwIfAborted();
}
