import type { Prompt } from 'ssh2';
import { AppError } from '../../errors.ts';
import { whenAborted } from '../remote-shell/abort.ts';

/** Asks whoever sits at the terminal. `hidden`: what is typed is not shown. Rejects when the signal is aborted. */
export type AskPerson = (
  question: string,
  how: { readonly hidden: boolean; readonly signal: AbortSignal },
) => Promise<string>;

/** What a way to log in may do with one attempt, and whom it may ask. */
export interface Asking {
  /** Ends the attempt with an error that says why. */
  readonly giveUp: (error: AppError) => void;
  /** A person at a terminal; it rejects where the attempt is given up meanwhile. */
  readonly ask?: (prompts: readonly Prompt[]) => Promise<string[]>;
}

/** The one person at the one terminal, who is asked by one host at a time. */
export class Person {
  readonly ask: AskPerson;
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  constructor(ask: AskPerson) {
    this.ask = ask;
  }

  turn(): Turn {
    return new Turn(this);
  }

  tryTake(): boolean {
    if (this.#isTaken) return false;
    this.#isTaken = true;
    return true;
  }

  /** In the order of the calls. */
  async take(signal: AbortSignal): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>((resolve, reject) => {
      let forget = (): void => undefined;
      const admit = (): void => {
        forget();
        resolve();
      };
      this.#waiting.push(admit);
      forget = whenAborted(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(admit), 1);
        reject(new AppError('interrupted', 'interrupted while another host asks'));
      });
    });
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }
}

/** What one host has of the person: all questions of one login are asked in one turn. */
export class Turn {
  readonly #person: Person;
  #isMine = false;

  constructor(person: Person) {
    this.#person = person;
  }

  get ask(): AskPerson {
    return this.#person.ask;
  }

  /** Whether one may ask now. */
  tryTake(): boolean {
    this.#isMine ||= this.#person.tryTake();
    return this.#isMine;
  }

  async take(signal: AbortSignal): Promise<void> {
    if (this.#isMine) return;
    await this.#person.take(signal);
    this.#isMine = true;
  }

  release(): void {
    if (this.#isMine) this.#person.release();
    this.#isMine = false;
  }
}

/** Another host asks already: sshd would not wait for that long, so the login is begun anew in its own turn. */
export class AnotherAsks extends AppError {
  constructor(host: string) {
    super('interrupted', `${host}: another host asks`);
    this.name = 'AnotherAsks';
  }
}
