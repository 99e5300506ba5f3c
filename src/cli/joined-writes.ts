/** A stream of the process. */
export interface Sink {
  write(text: string): unknown;
}

/** What ends a process, as `process` tells it. */
interface Ending {
  on(event: 'exit' | 'uncaughtExceptionMonitor', listener: () => void): unknown;
}

/** More does not wait: whoever prints that much in one turn has joined enough. */
const mostWaiting = 64 * 1024;

/**
 * What is printed in one turn of the event loop is one write, since each is a call of the kernel, and a run prints
 * some lines for each of a thousand hosts in one turn. Nothing overtakes anything: a write to another stream comes
 * after what waits for the first one, and what still waits when the process ends, however that is done, is written
 * before (only a signal that nobody handles takes with it what was said in that very turn).
 */
export class JoinedWrites {
  #waiting: { readonly to: Sink; text: string } | undefined;
  #scheduled = false;
  #ending = false;

  constructor(process: Ending) {
    process.on('exit', () => {
      this.#ending = true;
      this.flush();
    });
    // Node prints the exception itself, past the streams.
    process.on('uncaughtExceptionMonitor', () => {
      this.flush();
    });
  }

  write(to: Sink, text: string): void {
    if (this.#waiting !== undefined && this.#waiting.to !== to) this.flush();
    if (this.#waiting === undefined) this.#waiting = { to, text };
    else this.#waiting.text += text;
    if (this.#ending || this.#waiting.text.length >= mostWaiting) this.flush();
    else this.#schedule();
  }

  /** Writes what waits, before something else than this writes. */
  flush(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.to.write(waiting.text);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}
