import type { Measured, Progress } from '../report/progress.ts';

/** So much of what was last is what the rate rests on: enough for it not to jump, so little that a disk that stands still is seen. */
const overMs = 10_000;
/** Of what is measured more often, because much is printed meanwhile, the rest is left out. */
const betweenMs = 500;

interface Sample {
  readonly bytes: number;
  readonly at: number;
}

/** Makes of what is measured every now and then how fast it goes, and how long it still takes. */
export class Pace {
  readonly #onProgress: (progress: Progress) => void;
  #samples: Sample[] = [];
  #last: Progress | undefined;

  constructor(onProgress: (progress: Progress) => void) {
    this.#onProgress = onProgress;
  }

  /** `measured` is absent when nothing is, or any more; `at` is in milliseconds, of any clock that does not go back. */
  add(measured: Measured | undefined, at: number): void {
    if (this.#last !== undefined && (measured === undefined || isAnother(measured, this.#last))) this.#end(this.#last);
    if (measured === undefined) return;
    const before = this.#samples.at(-1);
    if (before !== undefined && at - before.at < betweenMs) return;
    const from = this.#samples.findLastIndex((sample) => at - sample.at >= overMs);
    this.#samples = [...this.#samples.slice(Math.max(from, 0)), { bytes: measured.bytes, at }];
    this.#last = { ...measured, ...this.#timeLeft(measured) };
    this.#onProgress(this.#last);
  }

  #end(last: Progress): void {
    this.#last = undefined;
    this.#samples = [];
    this.#onProgress({ ...last, ended: true });
  }

  #timeLeft({ bytes, total }: Measured): Pick<Progress, 'rate' | 'left'> {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at <= first.at) return {};
    const rate = Math.round(((last.bytes - first.bytes) * 1000) / (last.at - first.at));
    return rate === 0 ? { rate } : { rate, left: Math.ceil((total - bytes) / rate) };
  }
}

function isAnother(measured: Measured, last: Measured): boolean {
  return measured.what !== last.what || measured.total !== last.total || measured.bytes < last.bytes;
}
