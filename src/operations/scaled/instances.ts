import type { ScaledInstance } from '../../facts/volumes/scaled-set.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumeName } from '../versions/versions.ts';

/** The labels of an instance of a scaled volume. */
export const scaledLabel = {
  set: 'plimsoll.scaled',
  index: 'plimsoll.index',
  operation: 'plimsoll.operation',
} as const;

/** All labels that begin so are plimsoll's own. */
export const ownLabelPrefix = 'plimsoll.';

export function instanceName(set: string, index: number): string {
  return `${set}-${String(index)}`;
}

/** Which scaled volume a volume is an instance of, and which one. */
export function instanceOf({
  labels,
}: Pick<Volume, 'labels'>): { readonly set: string; readonly index: number } | undefined {
  const { [scaledLabel.set]: set = '', [scaledLabel.index]: index = '' } = labels;
  return volumeName.test(set) && /^[1-9]\d{0,7}$/.test(index) ? { set, index: Number(index) } : undefined;
}

/** The instances of a scaled volume on one host, by their numbers. One that has been scaled by copy is several volumes. */
export function instancesHere(all: readonly Volume[], set: string): ReadonlyMap<number, readonly Volume[]> {
  const here = new Map<number, Volume[]>();
  for (const volume of all) {
    const found = instanceOf(volume);
    if (found?.set !== set) continue;
    here.set(found.index, [...(here.get(found.index) ?? []), volume]);
  }
  return here;
}

/** `elk_vol-1 on web-1, elk_vol-2 on web-2 (being made by run …)`, for people. */
export function whereTheyAre(
  set: string,
  instances: readonly ScaledInstance[],
  promised: readonly { readonly host: string; readonly index: number }[],
): string {
  const made = instances.map(
    ({ index, host, state, run }) =>
      `${instanceName(set, index)} on ${host}${state === 'pending' ? ` (being made by run ${run})` : ''}`,
  );
  const planned = promised.map(({ index, host }) => `${instanceName(set, index)} on ${host} (planned in this run)`);
  return [...made, ...planned].join(', ');
}
