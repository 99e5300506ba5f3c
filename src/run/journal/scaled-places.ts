import { toAppError } from '../../errors.ts';
import type { ScaledSet } from '../../facts/volumes/scaled-set.ts';
import type { Records, ScaledVolume } from './records.ts';

/**
 * The instances of scaled volumes that the hosts of one run are to get. All hosts are planned before any
 * of them has claimed its own, so each is promised another one: the plan of the run as a whole is then
 * one that can be carried out, and shows what is refused. What counts is the claim.
 */
export class ScaledPlaces {
  readonly #records: Records;
  readonly #signal: AbortSignal;
  /** By the scaled volume's name, then by host. */
  readonly #promised = new Map<string, Map<string, number>>();
  /** Hosts that ask at one moment share an answer. */
  readonly #asked = new Map<string, Promise<ScaledVolume>>();

  constructor(records: Records, signal: AbortSignal) {
    this.#records = records;
    this.#signal = signal;
  }

  /** Answers the fact `scaled-set` for a host; `args` are that fact's. */
  async setFor(host: string, [name = '', scale, highest = '0', before]: readonly string[]): Promise<ScaledSet> {
    let set: ScaledVolume;
    try {
      set = await this.#ask(name);
    } catch (thrown) {
      const { code, message, hint } = toAppError(thrown);
      if (code !== 'records-unavailable') throw thrown;
      return {
        host,
        instances: [],
        promised: [],
        away: { reason: message, remedy: hint ?? 'bring them back, or keep the records elsewhere (--records)' },
      };
    }
    const { next, instances: all } = set;
    const instances = all.map(({ index, host: its, state, run }) => ({ index, host: its, state, run }));
    const mine = this.#promised.get(name) ?? new Map<string, number>();
    this.#promised.set(name, mine);
    // What has been claimed is no promise any more; nor can one be kept whose number somebody else has taken.
    for (const one of instances) mine.delete(one.host);
    const taken = new Set(instances.map(({ index }) => index));
    for (const [other, index] of mine) if (taken.has(index)) mine.delete(other);
    const promised = [...mine].filter(([other]) => other !== host).map(([other, index]) => ({ host: other, index }));
    if (scale === undefined || instances.some((one) => one.host === host)) return { host, instances, promised };
    if (instances.length + promised.length >= Number(scale)) {
      mine.delete(host);
      return { host, instances, promised };
    }
    const offered =
      before === undefined
        ? (mine.get(host) ?? Math.max(next, Number(highest) + 1, ...promised.map(({ index }) => index + 1)))
        : Number(before);
    mine.set(host, offered);
    return { host, instances, promised, offered };
  }

  #ask(name: string): Promise<ScaledVolume> {
    const asked =
      this.#asked.get(name) ??
      this.#records.scaled(name, this.#signal).finally(() => {
        this.#asked.delete(name);
      });
    this.#asked.set(name, asked);
    return asked;
  }
}
