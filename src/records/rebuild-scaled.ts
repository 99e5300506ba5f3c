import { AppError } from '../errors.ts';
import type { Volume } from '../facts/volumes/volumes.ts';
import { instanceName, instanceOf } from '../operations/scaled/instances.ts';
import { oneLine } from '../values/terminal.ts';
import type { ScaledRecord, StoredInstance } from './scaled-record.ts';
import { sorted } from './scaled-records.ts';

type Found = Pick<StoredInstance, 'index' | 'volume' | 'sizeBytes' | 'at'>;

/** The names of the scaled volumes that a host has instances of, with those, as their labels say. Pure. */
export function scaledOnHost(volumes: readonly Volume[]): ReadonlyMap<string, readonly Found[]> {
  const found = new Map<string, Map<number, Found>>();
  for (const volume of volumes) {
    const instance = instanceOf(volume);
    if (instance === undefined) continue;
    const { set, index } = instance;
    const its = found.get(set) ?? new Map<number, Found>();
    const name = instanceName(set, index);
    const { size = '' } = volume.options;
    // Of one that has been scaled by copy, the volume that it was made as says what it was.
    if (!its.has(index) || volume.name === name)
      its.set(index, {
        index,
        volume: name,
        ...(/^\d+$/.test(size) ? { sizeBytes: Number(size) } : {}),
        at: volume.createdAt,
      });
    found.set(set, its);
  }
  return new Map([...found].map(([set, its]) => [set, [...its.values()]]));
}

/** Where no scale is recorded, as after a loss of the records: more than any fleet has used up. */
const furthest = 100_000;

/**
 * The record as one host's volumes say it must be; the same object when it says so already. What is being made
 * stays. Pure. Labels are the host's word, and the record is the fleet's: `refused` where the host would get more
 * than the one instance that a host has, another host's, or a number far beyond those that were given out, after
 * which no number would be left for the others.
 */
export function rebuiltScaled(record: ScaledRecord, host: string, found: readonly Found[], who: string): ScaledRecord {
  const { instances, next } = record;
  const isThere = (index: number): boolean => found.some((one) => one.index === index);
  const kept = instances.filter((one) => one.host !== host || one.state === 'pending' || isThere(one.index));
  const confirmed = kept.map((one): StoredInstance =>
    one.host === host && one.state === 'pending' && isThere(one.index) ? { ...one, state: 'current' } : one,
  );
  const missing = found
    .filter(({ index }) => !instances.some((one) => one.host === host && one.index === index))
    .map((one): StoredInstance => ({ ...one, host, state: 'current', run: '', who }));
  const why = disbelieved(
    record,
    confirmed.filter((one) => one.host === host),
    missing,
  );
  if (why !== undefined)
    throw new AppError('refused', `the labels on ${oneLine(host, 80)} are not believed: ${why}`, {
      hint: "nothing was written for this host; look at its volumes (docker volume ls --filter label=plimsoll.scaled), remove the label's volumes that are none, then run the same again",
    });
  const changed =
    kept.length < instances.length || missing.length > 0 || confirmed.some((one, place) => one !== kept[place]);
  return changed
    ? {
        ...record,
        next: Math.max(next, ...found.map(({ index }) => index + 1)),
        instances: sorted([...confirmed, ...missing]),
      }
    : record;
}

function disbelieved(
  { name, instances, next, scale = furthest }: ScaledRecord,
  own: readonly StoredInstance[],
  missing: readonly StoredInstance[],
): string | undefined {
  const [first] = missing;
  if (first === undefined) return undefined;
  const set = oneLine(name, 80);
  if (own.length + missing.length > 1)
    return `they say that it has ${String(own.length + missing.length)} instances of ${set} (${[...own, ...missing].map(({ volume }) => oneLine(volume, 80)).join(', ')}), and a host has one`;
  const holder = instances.find(({ index }) => index === first.index);
  if (holder !== undefined) return `${oneLine(first.volume, 80)} is that of ${oneLine(holder.host, 80)}`;
  if (first.index >= next + scale)
    return `${oneLine(first.volume, 80)} is far beyond the ${String(next - 1)} instances of ${set} that there have been`;
  return undefined;
}
