import { setMaxListeners } from 'node:events';
import { AppError } from '../errors.ts';

/** What an interrupted run does with the hosts that it works on. */
export type OnInterrupt = 'detach' | 'stop' | 'rollback';

/**
 * The operator's signals. The first interrupt asks, where somebody can be asked, or stops at the next
 * safe point; the second one detaches. A request to terminate never asks. Whoever runs something
 * listens to `stop` and `detach`.
 */
export class Interrupts {
  #stop = controller();
  #detach = controller();
  #count = 0;
  #ask: (() => void) | undefined;

  /** Stop at the next safe point. */
  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  /** Leave what has been begun on hosts to itself, and end. */
  get detach(): AbortSignal {
    return this.#detach.signal;
  }

  /** Asked instead of stopping at once, until what it returns is called. */
  asking(ask: () => void): () => void {
    this.#ask = ask;
    return () => {
      this.#ask = undefined;
    };
  }

  /** Ctrl-C. Returns false when there is nothing more that could be done but to end. */
  interrupted(): boolean {
    this.#count += 1;
    if (this.#count === 1 && this.#ask !== undefined) this.#ask();
    else if (this.#count === 1) this.stopNow();
    else if (this.#count === 2) this.detachNow();
    else return false;
    return true;
  }

  /** SIGTERM: nobody is there to be asked. */
  terminated(): boolean {
    this.#count += 1;
    if (this.#count === 1) this.stopNow();
    else if (this.#count === 2) this.detachNow();
    else return false;
    return true;
  }

  /** More than one signal has come: nothing is waited for any longer. */
  get insisted(): boolean {
    return this.#count > 1;
  }

  stopNow(): void {
    this.#stop.abort(
      new AppError('interrupted', 'interrupted by a signal', {
        hint: 'what is done already is not done twice: plimsoll resume goes on from there',
      }),
    );
  }

  detachNow(): void {
    this.#detach.abort(
      new AppError('interrupted', 'detached from the hosts', { hint: 'plimsoll resume follows what goes on there' }),
    );
    this.stopNow();
  }

  /** The operator has chosen to go on: the next interrupt is the first one again. */
  goOn(): void {
    this.#count = 0;
  }

  /** What comes after a run that was stopped (its rollback) is interrupted anew. */
  renew(): void {
    this.#stop = controller();
    this.#detach = controller();
    this.#count = 0;
    this.#ask = undefined;
  }
}

/** Every host listens to it. */
function controller(): AbortController {
  const made = new AbortController();
  setMaxListeners(0, made.signal);
  return made;
}
