import type { RunEvent } from '../../run/report/event.ts';

type ProgressEvent = RunEvent & { readonly type: 'action.progress' };

interface Said {
  readonly what: string;
  readonly at: number;
  readonly bytes: number;
}

const betweenLinesMs = 5000;

/** Which of all that is measured is worth a line of a log: a tenth more, and where hosts are few one every few seconds. */
export class ProgressLines {
  readonly #said = new Map<string, Said>();

  /** @param at milliseconds since the epoch */
  isDue({ host, what, bytes, total, rate, ended }: ProgressEvent, at: number, often: boolean): boolean {
    if (ended === true) {
      this.#said.delete(host);
      return false;
    }
    const said = this.#said.get(host);
    // What has only just begun cannot say how long it takes, and may be over at once.
    if (rate === undefined) return false;
    const isNew = said?.what !== what || bytes < said.bytes;
    const isDue = isNew || bytes - said.bytes >= total / 10 || (often && at - said.at >= betweenLinesMs);
    if (isDue) this.#said.set(host, { what, at, bytes });
    return isDue;
  }
}
