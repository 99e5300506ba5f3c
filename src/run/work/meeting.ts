import { toAppError } from '../../errors.ts';
import { deferred, type Deferred } from '../../values/deferred.ts';
import type { Ending, Following } from './follow.ts';
import type { Program } from './interpreter.ts';
import type { One, Series } from './series.ts';
import { carryOutSeries } from './series.ts';

/** One of those who are to meet. */
interface Expected {
  /** It has told what it is about to do, or will not. */
  readonly told: Deferred<undefined>;
  readonly left: Deferred<undefined>;
  isGone: boolean;
  arrival?: { readonly one: One & { readonly program: Program }; readonly failed: (error: Error) => void };
}

/** Where those who carry out a series meet: it begins when each has come, or will not. */
export class Meeting {
  readonly series: Series;
  readonly #expected: readonly Expected[];

  constructor(series: Series, size: number) {
    this.series = series;
    this.#expected = Array.from({ length: size }, () => ({
      told: deferred<undefined>(),
      left: deferred<undefined>(),
      isGone: false,
    }));
  }

  /** What they write ahead stands in their order: `write` is called when those before have begun to. */
  async inOrder<Value>(nth: number, write: () => Promise<Value>): Promise<Value> {
    await this.#expected[nth - 1]?.told.promise;
    const written = write();
    this.#expected[nth]?.told.resolve(undefined);
    return written;
  }

  /** Resolves with its ending; of one that was not begun, because one before it failed or never came, `none`. */
  carryOut(nth: number, following: Following, program: Program, begins: () => void): Promise<Ending> {
    return new Promise((resolve, reject) => {
      const expected = this.#expected[nth];
      if (expected === undefined) throw new Error('a series has more than it was made for');
      const ended = (ending: Ending): Promise<void> => {
        resolve(ending);
        return expected.left.promise;
      };
      expected.arrival = { one: { following, program, begins, ended }, failed: reject };
      this.#goOn();
    });
  }

  /** Nothing more comes from it; where that is before it has come, it will not come. */
  left(nth: number): void {
    const expected = this.#expected[nth];
    if (expected === undefined) return;
    expected.isGone = true;
    expected.told.resolve(undefined);
    expected.left.resolve(undefined);
    if (expected.arrival === undefined) this.#goOn();
  }

  #goOn(): void {
    if (this.#expected.some(({ isGone, arrival }) => !isGone && arrival === undefined)) return;
    const missing = this.#expected.findIndex(({ arrival }) => arrival === undefined);
    const whole = missing === -1 ? this.#expected.length : missing;
    const arrivals = this.#expected.map(({ arrival }) => arrival);
    const all = arrivals.slice(0, whole).flatMap((arrival) => arrival ?? []);
    for (const arrival of arrivals.slice(whole)) void arrival?.one.ended({ kind: 'none' });
    carryOutSeries(
      this.series,
      all.map(({ one }) => one),
    ).catch((thrown: unknown) => {
      for (const { failed } of all) failed(toAppError(thrown));
    });
  }
}
