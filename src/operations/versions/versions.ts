import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { mountsOfVolume, usersOfVolume } from '../../facts/containers/container-uses.ts';
import type { Replacement } from '../../facts/containers/replacements.ts';
import type { VolumeLedger } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import type { RecordNote } from '../engine/change.ts';

/** The labels of a volume that plimsoll has made. */
export const labelOf = {
  family: 'plimsoll.volume',
  version: 'plimsoll.version',
  replaces: 'plimsoll.replaces',
} as const;

/** Of a container that exists only so that Docker mounts a volume once; its value is the volume's name. */
export const primeLabel = 'plimsoll.prime';

/** What the local driver takes as a name, and what is safe as the name of a file. */
export const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

function numbered(name: string): { readonly base: string; readonly number: number } | undefined {
  const [, base, number] = /^(.+)-(0|[1-9]\d{0,5})$/.exec(name) ?? [];
  return base === undefined ? undefined : { base, number: Number(number) };
}

/** `foo` of foo, foo-0 and foo-7. */
export function familyOfName(name: string): string {
  return numbered(name)?.base ?? name;
}

export function familyOf({ name, labels }: Pick<Volume, 'name' | 'labels'>): string {
  const label = labels[labelOf.family];
  return label !== undefined && volumeName.test(label) ? label : familyOfName(name);
}

export function versionOf({ name, labels }: Pick<Volume, 'name' | 'labels'>): number {
  const label = labels[labelOf.version];
  if (label !== undefined && /^\d{1,6}$/.test(label)) return Number(label);
  // elk_vol-2 of the family elk_vol-2 (an instance of a scaled volume) has no number yet.
  return familyOf({ name, labels }) === name ? 0 : (numbered(name)?.number ?? 0);
}

/** The volume as it is until now, for the records; 0 bytes: without a size of its own. */
export function versionUntilNow(volume: Volume, bytes: number): NonNullable<RecordNote['before']> {
  const { name, driver, labels } = volume;
  return { version: versionOf(volume), spec: { name, driver, labels, ...(bytes === 0 ? {} : { sizeBytes: bytes }) } };
}

/** A number that no volume of the family has, or has ever had: Docker skips the quota of a name that is used again (moby#43891). */
export function nextVersion(all: readonly Volume[], family: string, highestEver: number): number {
  const taken = all
    .filter((volume) => familyOf(volume) === family || familyOfName(volume.name) === family)
    .map((volume) => Math.max(versionOf(volume), numbered(volume.name)?.number ?? 0));
  return Math.max(0, highestEver, ...taken) + 1;
}

/** The volumes that say of themselves that they replace the one of this name. */
export function successorsOf(all: readonly Volume[], name: string): readonly Volume[] {
  return all.filter(({ labels }) => labels[labelOf.replaces] === name && labels[labelOf.family] !== undefined);
}

/** What has been written down on the host of earlier versions and of containers that were replaced. */
export interface FamilyPast {
  readonly ledger: VolumeLedger;
  readonly replacements: readonly Replacement[];
}

/** The replacement of this container that has begun and not ended. */
export function underWay({ replacements }: FamilyPast, id: string): Replacement | undefined {
  return replacements.find((one) => one.old === id && one.step !== 'done');
}

/** Has been replaced, and is kept until that is finalized; its name says so too. */
export function isOld({ id, name }: Pick<ContainerUse, 'id' | 'name'>, { replacements }: FamilyPast): boolean {
  const own = replacements.find((one) => one.old === id);
  return own === undefined ? name.endsWith(`-old-${id.slice(0, 12)}`) : own.step === 'done';
}

/** Is to take another one's place, and has not; its name may say so, too, when nothing is written down of it any more. */
export function isNew({ id, name }: Pick<ContainerUse, 'id' | 'name'>, { replacements }: FamilyPast): boolean {
  const own = replacements.find((one) => one.new === id);
  return own === undefined ? /-new-[0-9a-f]{12}$/.test(name) : own.step !== 'done';
}

/** The containers whose volume this is: neither those that a replacement has kept, nor those that it is about to put in their place. */
export function holders(uses: readonly ContainerUse[], volume: Volume, past: FamilyPast): readonly ContainerUse[] {
  return usersOfVolume(uses, volume).filter(
    (use) => !isOld(use, past) && !isNew(use, past) && use.labels[primeLabel] === undefined,
  );
}

/** Where a name leads: from version to version, as far as the newer one has taken the older one's place. */
export type Chain =
  | { readonly kind: 'found'; readonly volume: Volume; readonly pending: readonly Volume[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'torn'; readonly old: Volume; readonly fresh: Volume; readonly users: readonly ContainerUse[] };

export function follow(
  name: string,
  all: readonly Volume[],
  uses: readonly ContainerUse[],
  past: FamilyPast,
  seen: readonly string[] = [],
): Chain {
  const volume = all.find((one) => one.name === name);
  const successors = successorsOf(all, name).filter((one) => one.name !== name && !seen.includes(one.name));
  const standings = successors.map((fresh) => ({
    fresh,
    standing: volume === undefined ? 'in force' : standing(volume, fresh, uses, past),
  }));
  const torn = standings.find((one) => one.standing === 'torn');
  if (torn !== undefined && volume !== undefined)
    return { kind: 'torn', old: volume, fresh: torn.fresh, users: holders(uses, volume, past) };
  // One that has been in force, and has been replaced and removed since, leads on too.
  const gone =
    volume !== undefined && holders(uses, volume, past).length > 0
      ? []
      : past.ledger.inForce.filter(
          (one) =>
            one.replaces === name &&
            one.name !== name &&
            !seen.includes(one.name) &&
            !all.some((there) => there.name === one.name),
        );
  const next = [
    ...standings.filter((one) => one.standing === 'in force').map(({ fresh }) => fresh.name),
    ...gone.map((one) => one.name),
  ];
  for (const one of next) {
    const chain = follow(one, all, uses, past, [...seen, name]);
    if (chain.kind !== 'missing') return chain;
  }
  return volume === undefined ? { kind: 'missing' } : { kind: 'found', volume, pending: successors };
}

function standing(
  old: Volume,
  fresh: Volume,
  uses: readonly ContainerUse[],
  past: FamilyPast,
): 'in force' | 'pending' | 'torn' {
  const ofOld = holders(uses, old, past);
  const ofFresh = holders(uses, fresh, past);
  // What has been replaced itself has been in force.
  const was =
    past.ledger.inForce.some(({ name }) => name === fresh.name) ||
    usersOfVolume(uses, fresh).some((use) => isOld(use, past));
  if (ofOld.length === 0) return ofFresh.length > 0 || was ? 'in force' : 'pending';
  if (ofFresh.length === 0) return 'pending';
  // A replacement of several containers that was cut has some of each.
  return ofOld.every(({ id }) => underWay(past, id) !== undefined) ? 'pending' : 'torn';
}

/** The containers that bind what lies in a volume's directory instead of mounting the volume. */
export function binders(uses: readonly ContainerUse[], volume: Volume): readonly ContainerUse[] {
  return uses.filter((use) => mountsOfVolume(use, volume).some(({ type }) => type === 'bind'));
}
