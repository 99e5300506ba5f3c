import { AppError } from '../../errors.ts';
import { whenAborted } from '../remote-shell/abort.ts';

export interface StartLimits {
  /** Connections in handshake at once at the beginning. */
  readonly initial: number;
  readonly maximum: number;
}

export const defaultStartLimits: StartLimits = { initial: 48, maximum: 96 };

/** `dropped`: the server closed the connection before authentication, as sshd does beyond MaxStartups. */
export type StartResult = 'succeeded' | 'dropped' | 'failed';

/**
 * How many connections may be in their handshake at once, over all hosts. As TCP does with its window:
 * one more for each success at first, halved when a server drops one, then growing slowly.
 */
export class StartLimiter {
  #limit: number;
  readonly #maximum: number;
  #growsFast = true;
  #active = 0;
  /** Counts the halvings: of all the drops in one burst only the first may halve. */
  #generation = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: StartLimits = defaultStartLimits) {
    this.#limit = limits.initial;
    this.#maximum = limits.maximum;
  }

  /** Resolves, in the order of the calls, with the function that reports the start's result. */
  async acquire(signal: AbortSignal): Promise<(result: StartResult) => void> {
    if (this.#active >= Math.floor(this.#limit)) await this.#turn(signal);
    else this.#active += 1;
    const generation = this.#generation;
    return (result) => {
      this.#active -= 1;
      if (result === 'succeeded') this.#grow();
      if (result === 'dropped' && generation === this.#generation) this.#halve();
      this.#admit();
    };
  }

  #grow(): void {
    this.#limit = Math.min(this.#maximum, this.#limit + (this.#growsFast ? 1 : 1 / this.#limit));
  }

  #halve(): void {
    this.#generation += 1;
    this.#growsFast = false;
    this.#limit = Math.max(1, this.#limit / 2);
  }

  #admit(): void {
    while (this.#active < Math.floor(this.#limit)) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#active += 1;
      next();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      let forget = (): void => undefined;
      const admit = (): void => {
        forget();
        resolve();
      };
      this.#waiting.push(admit);
      forget = whenAborted(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(admit), 1);
        reject(new AppError('interrupted', 'interrupted while waiting to connect'));
      });
    });
  }
}
