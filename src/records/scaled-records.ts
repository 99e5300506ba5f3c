import pLimit from 'p-limit';
import { AppError } from '../errors.ts';
import type { RecordNote } from '../operations/engine/change.ts';
import type { Claim, Claimant, Settled } from '../run/journal/records.ts';
import { asText } from '../values/json.ts';
import { oneLine } from '../values/terminal.ts';
import { keyOfScaled, prefixOfScaled } from './keys.ts';
import type { ScaledRecord, StoredInstance } from './scaled-record.ts';
import { noneOf, scaledRecord, scaledValue } from './scaled-record.ts';
import type { Store, Stored } from './store.ts';
import { unavailable } from './store.ts';

/** How often a write is tried that others come before: each of those tries is somebody's success. */
const mostTries = 1000;

type Edit = (record: ScaledRecord) => ScaledRecord;

/**
 * The scaled volumes in one store. Whether one more instance may be made is decided by the compare-and-swap
 * that writes it down, so there are never more than were asked for, whoever else is at it.
 */
export class ScaledRecords {
  readonly #store: Store;
  /** This process does not compete with itself. */
  readonly #inTurn = pLimit(1);

  constructor(store: Store) {
    this.#store = store;
  }

  async get(name: string, signal: AbortSignal): Promise<ScaledRecord> {
    const stored = await this.#store.get(keyOfScaled(name), signal);
    return stored === undefined ? noneOf(name) : this.#kept(stored);
  }

  async all(signal: AbortSignal): Promise<readonly ScaledRecord[]> {
    return (await this.#store.list(prefixOfScaled, signal)).map((stored) => this.#kept(stored));
  }

  /**
   * Claims an instance for a host. What the host has claimed before is its own, whichever run that was:
   * who claims has the host's lock. Errors: `refused`, when the fleet has as many as it may have, or
   * another host has this one.
   */
  async claim(
    host: string,
    { name, version: index, scale, removes, spec }: RecordNote,
    by: Claimant,
    signal: AbortSignal,
  ): Promise<Claim> {
    if (index === undefined) throw new Error(`an instance of the scaled volume ${name} is claimed without its number`);
    const claim: Claim = { kind: 'scaled', name, version: index };
    if (removes === true) return claim;
    await this.edit(
      name,
      (record) => {
        const { instances, next } = record;
        const own = instances.find((one) => one.host === host);
        if (own !== undefined && own.index !== index)
          throw new AppError(
            'records-conflict',
            `${oneLine(host, 80)} has ${own.volume} already, according to the records`,
            { hint: 'run the same again; if that volume is not there: plimsoll records rebuild' },
          );
        if (own?.state === 'current' || own?.run === by.run) return record;
        const holder = own === undefined ? instances.find((one) => one.index === index) : undefined;
        if (holder !== undefined) throw taken(holder);
        if (own === undefined && scale !== undefined && instances.length >= scale) throw full(name, scale, instances);
        const { sizeBytes } = spec;
        const fresh: StoredInstance = {
          index,
          host,
          state: 'pending',
          volume: asText(spec['name']),
          ...(typeof sizeBytes === 'number' ? { sizeBytes } : {}),
          ...by,
        };
        return {
          ...record,
          ...(scale === undefined ? {} : { scale }),
          next: Math.max(next, index + 1),
          instances: sorted([...instances.filter((one) => one !== own), fresh]),
        };
      },
      signal,
    );
    return claim;
  }

  /** Says what became of it. What is on a host counts, whatever the records have said of it meanwhile. */
  async settle(
    host: string,
    { name, version: index }: Claim,
    state: Settled,
    note: Pick<StoredInstance, 'volume'>,
    by: Claimant,
    signal: AbortSignal,
  ): Promise<void> {
    await this.edit(
      name,
      (record) => {
        const own = record.instances.find((one) => one.host === host && one.index === index);
        const others = record.instances.filter((one) => one !== own);
        switch (state) {
          case 'current':
            if (own?.state === 'current') return record;
            return {
              ...record,
              next: Math.max(record.next, index + 1),
              instances: sorted([...others, { index, host, ...note, ...by, ...own, state }]),
            };
          case 'abandoned':
            return own?.state === 'pending' && own.run === by.run ? { ...record, instances: others } : record;
          case 'undone':
          case 'removed':
            return own === undefined ? record : { ...record, instances: others };
        }
      },
      signal,
    );
  }

  /** Gives up what a run has claimed and never begun. Resolves with how many that were. */
  async giveUp(
    run: string,
    isKnown: (claim: Claim & { readonly host: string }) => boolean,
    signal: AbortSignal,
  ): Promise<number> {
    let given = 0;
    for (const { name, instances } of await this.all(signal)) {
      const orphans = instances.filter(
        ({ host, index, ...one }) =>
          one.run === run && one.state === 'pending' && !isKnown({ kind: 'scaled', name, version: index, host }),
      );
      for (const { host, index, volume, who, at } of orphans)
        await this.settle(
          host,
          { kind: 'scaled', name, version: index },
          'abandoned',
          { volume },
          { run, who, at },
          signal,
        );
      given += orphans.length;
    }
    return given;
  }

  /** Changes a scaled volume by compare-and-swap; what `to` returns as it was is not written. Resolves with whether anything was. */
  edit(name: string, to: Edit, signal: AbortSignal): Promise<boolean> {
    return this.#inTurn(async () => {
      const key = keyOfScaled(name);
      for (let tries = 0; tries < mostTries; tries += 1) {
        const stored = await this.#store.get(key, signal);
        const record = stored === undefined ? noneOf(name) : this.#kept(stored);
        const edited = to(record);
        if (edited === record) return false;
        const value = scaledValue(edited);
        if (
          stored === undefined
            ? await this.#store.createIfAbsent(key, value, signal)
            : await this.#store.compareAndSwap(key, stored.revision, value, signal)
        )
          return true;
      }
      throw new AppError(
        'records-conflict',
        `the record of the scaled volume ${oneLine(name, 80)} is written again and again by others`,
        { hint: 'run the same again' },
      );
    });
  }

  #kept({ key, value }: Stored): ScaledRecord {
    const parsed = scaledRecord.safeParse(value);
    if (!parsed.success)
      throw unavailable(this.#store.place, `${oneLine(key, 200)} is no record that this plimsoll knows`, {
        hint: 'use the plimsoll that wrote it, or a newer one',
      });
    return parsed.data;
  }
}

export function sorted(instances: readonly StoredInstance[]): readonly StoredInstance[] {
  return instances.toSorted((a, b) => a.index - b.index || (a.host < b.host ? -1 : 1));
}

const again = 'run the same again: what is planned then starts from what there is now';

function taken({ volume, host, run, who }: StoredInstance): AppError {
  return new AppError(
    'refused',
    `${oneLine(volume, 80)} has been taken meanwhile by ${oneLine(host, 80)}${run === '' ? '' : ` (run ${oneLine(run, 40)} of ${oneLine(who, 80)})`}`,
    { hint: again },
  );
}

function full(name: string, scale: number, instances: readonly StoredInstance[]): AppError {
  const where = instances.map(({ volume, host }) => `${oneLine(volume, 80)} on ${oneLine(host, 80)}`).join(', ');
  return new AppError(
    'refused',
    `${String(instances.length)} of ${String(scale)} instances of ${oneLine(name, 80)} exist by now: ${where}`,
    { hint: 'raise its scale, or leave this host out' },
  );
}
