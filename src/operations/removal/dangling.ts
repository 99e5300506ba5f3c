import type { BegunCopies } from '../../facts/copies/begun-copy.ts';
import { begunCopies } from '../../facts/copies/begun-copy.ts';
import { hasLabel, matchesGlob } from '../../facts/containers/container-selection.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { containerUses, isWithin } from '../../facts/containers/container-uses.ts';
import { directorySizes } from '../../facts/host/directory-sizes.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import type { Quarantine, Quarantined } from '../../facts/volumes/quarantine.ts';
import { quarantine } from '../../facts/volumes/quarantine.ts';
import { realPaths } from '../../facts/host/real-paths.ts';
import type { StorageDrivers } from '../../facts/daemon/storage-drivers.ts';
import { invisibleTo, storageDrivers } from '../../facts/daemon/storage-drivers.ts';
import type { VolumeDirectories, VolumeDirectory } from '../../facts/volumes/volume-directories.ts';
import { volumeDirectories } from '../../facts/volumes/volume-directories.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import { parseBytes } from '../../values/size.ts';
import type { Reading } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';
import type { CleanWant } from './clean-input.ts';
import { labelOf, volumeName } from '../versions/versions.ts';

/** One volume of the host, and all that decides whether it is cleaned up. */
export interface Found {
  readonly volume: Volume;
  /** `volumes/NAME`, the directory that is removed with it. */
  readonly path: string;
  readonly directory: VolumeDirectory | undefined;
  /** The names of the containers, running or not, visible to the daemon or not, that have it or something in it mounted. */
  readonly users: readonly string[];
  /** What is written down of it, if it is about this very volume. */
  readonly entry: Quarantined | undefined;
  /** Where larger_than has it measured. */
  readonly bytes: number | undefined;
  /** Why it stays; undefined of one that the step has to do with. */
  readonly stays: Stays | undefined;
}

/** `ours`: plimsoll keeps it for something; `strange`: it is not as Docker has made it. */
export type Stays =
  | { readonly kind: 'used' | 'not-asked' | 'young' | 'small' | 'foreign' }
  | { readonly kind: 'ours' | 'strange'; readonly why: string };

/** What a host has of volumes, and what is written down of them. */
interface Facts {
  readonly docker: Docker;
  /** Where Docker keeps the volumes of its own driver. */
  readonly root: string;
  readonly all: readonly Volume[];
  readonly uses: readonly ContainerUse[];
  readonly quarantine: Quarantine;
  readonly copies: BegunCopies['copies'];
  readonly directories: VolumeDirectories;
  readonly real: Readonly<Record<string, string>>;
  readonly drivers: StorageDrivers;
}

export interface Dangling extends Pick<Facts, 'root' | 'all' | 'uses' | 'quarantine'> {
  /** Every volume of the local driver, in the order of their names. */
  readonly found: readonly Found[];
}

/** Two flights, and a third one where sizes are asked for. */
export function* readDangling(want: CleanWant): Reading<Dangling> {
  const [docker, all, uses, kept, { copies }] = yield* together(
    ask(dockerInfo),
    ask(volumes),
    ask(containerUses),
    ask(quarantine),
    ask(begunCopies),
  );
  const root = volumesIn(docker);
  // Containers of another storage driver than the daemon has are on the disk, and come back with their driver.
  const [directories, real, drivers] = yield* together(
    ask(volumeDirectories, root),
    askRealPaths(root, uses),
    ask(storageDrivers, docker.root, ''),
  );
  const known = { root, all, uses, quarantine: kept };
  const found = unmeasured(want, { ...known, docker, copies, directories, real, drivers });
  return { ...known, found: yield* measured(want, found) };
}

/** What time it is on the host, or was when the plan was made. */
export function timeOf({ pinned }: CleanWant, { now }: Quarantine): number {
  return pinned?.at ?? now;
}

function* measured({ larger_than }: CleanWant, all: readonly Found[]): Reading<readonly Found[]> {
  const paths = all.flatMap(({ stays, path }) => (stays === undefined ? [path] : []));
  if (larger_than === undefined || paths.length === 0) return all;
  const [sizes] = yield* together(ask(directorySizes, ...paths));
  return all.map((found) => {
    if (found.stays !== undefined) return found;
    const bytes = sizes[found.path];
    if (bytes === undefined) return { ...found, stays: { kind: 'strange', why: 'how large it is cannot be told' } };
    return bytes > parseBytes(larger_than) ? { ...found, bytes } : { ...found, bytes, stays: { kind: 'small' } };
  });
}

/** Where Docker keeps the volumes of its own driver. */
export function volumesIn({ root }: Docker): string {
  return `${root.replace(/\/+$/, '')}/volumes`;
}

/** A container may bind a volume's directory by another name: through a link, or a linked root directory. */
function askRealPaths(root: string, uses: readonly ContainerUse[]) {
  const sources = uses.flatMap(({ mounts }) =>
    mounts.flatMap(({ type, source }) =>
      type === 'bind' && source.startsWith('/') && !source.includes('\n') ? [source] : [],
    ),
  );
  return ask(realPaths, ...new Set([root, ...sources]));
}

function unmeasured(want: CleanWant, facts: Facts): readonly Found[] {
  const { root, all, directories } = facts;
  const users = usersByVolume(facts);
  const entries = new Map(facts.quarantine.entries.map((entry) => [entry.name, entry]));
  const kept = keptByUs(facts);
  return all
    .filter(({ driver }) => driver === 'local')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((volume) => {
      const { name } = volume;
      const directory = Object.hasOwn(directories.byName, name) ? directories.byName[name] : undefined;
      const entry = entries.get(name);
      const found = {
        volume,
        path: `${root}/${name}`,
        directory,
        users: users.get(name) ?? [],
        entry: isAbout(entry, directory) ? entry : undefined,
        bytes: undefined,
      };
      return { ...found, stays: judge(found, want, facts, kept) };
    });
}

/** One whose removal was cut may have lost its content, and with it the time of its last change. */
function isAbout(entry: Quarantined | undefined, directory: VolumeDirectory | undefined): boolean {
  if (entry === undefined || directory === undefined) return false;
  return entry.is === directory.is || (entry.removing && !directory.whole);
}

/** Containers by the volumes that they have mounted: by name, or by a path in the directory of one, whatever it is called. */
function usersByVolume({ docker, root, uses, real, drivers }: Facts): ReadonlyMap<string, readonly string[]> {
  const below = (path: string | undefined, top: string | undefined): readonly string[] =>
    path !== undefined && top !== undefined && isWithin(path, top)
      ? path
          .slice(top.length)
          .split('/')
          .filter((part) => part !== '')
          .slice(0, 1)
      : [];
  const users = new Map<string, string[]>();
  for (const use of uses) {
    const used = use.mounts.flatMap(({ type, name, source }) =>
      type === 'bind' ? [...below(source, root), ...below(real[source], real[root])] : name === undefined ? [] : [name],
    );
    for (const name of new Set(used)) users.set(name, [...(users.get(name) ?? []), use.name]);
  }
  for (const container of invisibleTo(docker.driver, drivers))
    for (const name of container.volumes) users.set(name, [...(users.get(name) ?? []), container.name]);
  return users;
}

function judge(
  found: Omit<Found, 'stays'>,
  want: CleanWant,
  { directories, quarantine: clock }: Facts,
  keptFor: KeptFor,
): Stays | undefined {
  const { volume, path, directory, users } = found;
  const { name, labels, options } = volume;
  if (users.length > 0) return { kind: 'used' };
  // It holds nothing: what it mounts lies elsewhere.
  if (options['type'] !== undefined || options['device'] !== undefined) return { kind: 'foreign' };
  if (!want.named && !hasAnonymousName(volume)) return { kind: 'not-asked' };
  const named = (globs: readonly string[]): boolean => globs.some((glob) => matchesGlob(glob, name));
  if ((want.name !== undefined && !named(want.name)) || named(want.except ?? [])) return { kind: 'not-asked' };
  if (
    !(want.label ?? []).every((label) => hasLabel(volume, label)) ||
    (want.not_label ?? []).some((label) => hasLabel(volume, label))
  )
    return { kind: 'not-asked' };
  const kept = keptFor(volume, path);
  if (kept !== undefined) return { kind: 'ours', why: kept };
  if (!volumeName.test(name) || volume.mountpoint !== `${path}/_data`)
    return { kind: 'strange', why: `it lies in ${volume.mountpoint}` };
  if (directory === undefined) return { kind: 'strange', why: `${path} is no directory` };
  if (!directory.whole && found.entry?.removing !== true)
    return { kind: 'strange', why: `${path}/_data is not there, or no directory of its own` };
  const mounted = directories.mounts.find((at) => isWithin(at, path));
  if (mounted !== undefined) return { kind: 'strange', why: `something is mounted at ${mounted}` };
  if (
    Object.keys(labels).some(
      (key) => key.startsWith('plimsoll.') && !(Object.values(labelOf) as readonly string[]).includes(key),
    )
  )
    return { kind: 'ours', why: 'its labels say that plimsoll looks after it' };
  return want.older_than !== undefined && timeOf(want, clock) - directory.changedAt <= want.older_than
    ? { kind: 'young' }
    : undefined;
}

/** Docker names it by 64 hexadecimal digits. Before release 23 it has no label that says so. */
export function hasAnonymousName({ name }: Volume): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

type KeptFor = (volume: Volume, path: string) => string | undefined;

/** What plimsoll keeps a volume for. */
function keptByUs({ all: volumesHere, quarantine: { left: copied }, copies }: Facts): KeptFor {
  const all = new Map(volumesHere.map((volume) => [volume.name, volume]));
  const successors = new Map(
    [...all.values()].flatMap(({ name, labels }) =>
      labels[labelOf.family] === undefined || labels[labelOf.replaces] === undefined
        ? []
        : [[labels[labelOf.replaces], name]],
    ),
  );
  const left = new Set(copied);
  return ({ name, labels }, path) => {
    const successor = successors.get(name);
    const replaced = all.get(labels[labelOf.replaces] ?? '');
    if (successor !== undefined)
      return `${successor} was made to take its place, and it is kept until that is finalized`;
    if (replaced !== undefined) return `it was made to take the place of ${replaced.name}, which is still there`;
    if (left.has(name)) return 'it has been copied, and is kept until that is finalized';
    return copies.some(({ from, to }) => isWithin(from, path) || isWithin(to, path))
      ? 'it is being copied, and that has not been completed'
      : undefined;
  };
}
