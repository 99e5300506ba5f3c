import type { Volume } from '../facts/volumes.ts';
import { instanceName, instanceOf } from '../operations/scaled/instances.ts';
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
    if (!its.has(index) || volume.name === name) its.set(index, { index, volume: name, ...(/^\d+$/.test(size) ? { sizeBytes: Number(size) } : {}), at: volume.createdAt });
    found.set(set, its);
  }
  return new Map([...found].map(([set, its]) => [set, [...its.values()]]));
}

/** The record as one host's volumes say it must be; the same object when it says so already. What is being made stays. Pure. */
export function rebuiltScaled(record: ScaledRecord, host: string, found: readonly Found[], who: string): ScaledRecord {
  const { instances, next } = record;
  const isThere = (index: number): boolean => found.some((one) => one.index === index);
  const kept = instances.filter((one) => one.host !== host || one.state === 'pending' || isThere(one.index));
  const confirmed = kept.map((one): StoredInstance => (one.host === host && one.state === 'pending' && isThere(one.index) ? { ...one, state: 'current' } : one));
  const missing = found.filter(({ index }) => !instances.some((one) => one.host === host && one.index === index)).map((one): StoredInstance => ({ ...one, host, state: 'current', run: '', who }));
  const changed = kept.length < instances.length || missing.length > 0 || confirmed.some((one, place) => one !== kept[place]);
  return changed ? { ...record, next: Math.max(next, ...found.map(({ index }) => index + 1)), instances: sorted([...confirmed, ...missing]) } : record;
}
