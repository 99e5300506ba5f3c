import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import { asObject, asText, isObject } from '../../../values/json.ts';
import { containerPath } from './container-path.ts';
import type { MountEntry } from './mount-entries.ts';
import { changedEntry, lostOf } from './mount-entries.ts';
import type { Patch, PatchedMount } from './patch.ts';

export interface PlannedMounts {
  /** Undefined: as they are. */
  readonly binds: readonly string[] | undefined;
  readonly mounts: readonly MountEntry[] | undefined;
  /** What the new container's .Mounts must say: path → what is there. */
  readonly expected: ReadonlyMap<string, ExpectedMount>;
}

export interface ExpectedMount {
  readonly type: string;
  /** The volume's name, the image's, or the path on the host. */
  readonly source: string;
  readonly readWrite: boolean;
}

/** What is to be at a path, read-only or not. */
type Wanted = PatchedMount & { readonly readOnly: boolean };

/**
 * Where a path's mount is said (Binds or Mounts) it is changed; what an image or `-v /path` made a volume
 * without a name for gets a mount of that very volume. NoCopy wherever a volume is named that the container
 * has not had: nothing is to be copied into it.
 */
export function planMounts(spec: ContainerSpec, patch: Patch): PlannedMounts {
  const now = new Map(spec.mounts.map((mount) => [containerPath(asText(mount['Destination'])), mountNow(mount)]));
  const asked = new Map(Object.entries(patch.mounts ?? {}).map(([path, wanted]) => [containerPath(path), wanted]));
  const want = (path: string): Wanted | null | undefined => wantedAt(path, now.get(path), asked, patch);
  const oldBinds = strings(spec.hostConfig['Binds']);
  const oldMounts = mountEntriesOf(spec);
  const said = new Set([...oldBinds.map(bindTarget), ...oldMounts.map(targetOf)]);

  const binds = oldBinds.flatMap((bind) => {
    const wanted = want(bindTarget(bind));
    return wanted === undefined ? [bind] : wanted === null ? [] : [bindText(bind, wanted)];
  });
  const changed = oldMounts.flatMap((mount, index): readonly MountEntry[] => {
    const path = targetOf(mount);
    const wanted = want(path);
    if (wanted === null) return [];
    if (wanted !== undefined) return [changedEntry(index, wanted, wanted.readOnly)];
    const anonymous = asText(mount['Type']) === 'volume' && asText(mount['Source']) === '' ? now.get(path) : undefined;
    return [
      anonymous === undefined
        ? { kept: index }
        : { set: { Source: anonymous.source, VolumeOptions: { NoCopy: true } }, of: index },
    ];
  });
  const anonymous = [...now].filter(
    ([path, { type }]) => !said.has(path) && type === 'volume' && (declares(spec, path) || want(path) !== undefined),
  );
  const added = [...asked.keys()].filter((path) => !said.has(path) && !anonymous.some(([other]) => other === path));
  const more = [
    ...anonymous.flatMap(([path, { source, readWrite }]) => {
      const wanted = want(path);
      return wanted === null ? [] : [mountEntry(path, wanted ?? { volume: source, readOnly: !readWrite })];
    }),
    ...added.flatMap((path) => {
      const wanted = want(path);
      return wanted === null || wanted === undefined ? [] : [mountEntry(path, wanted)];
    }),
  ].map((set): MountEntry => ({ set }));
  const mounts = [...changed, ...more];

  const expected = new Map(now);
  for (const path of new Set([...now.keys(), ...asked.keys()])) {
    const wanted = want(path);
    if (wanted === null) expected.delete(path);
    else if (wanted !== undefined)
      expected.set(path, {
        ...('volume' in wanted ? { type: 'volume', source: wanted.volume } : { type: 'bind', source: wanted.bind }),
        readWrite: !wanted.readOnly,
      });
  }
  const same = mounts.length === oldMounts.length && mounts.every((entry) => 'kept' in entry);
  return {
    binds: binds.join('\n') === oldBinds.join('\n') ? undefined : binds,
    mounts: same ? undefined : mounts,
    expected,
  };
}

export function mountEntriesOf({ hostConfig }: ContainerSpec): readonly JsonObject[] {
  return objects(hostConfig['Mounts']);
}

/** What is said of a mount that another one, which is asked for at its place, could not have: `Mounts /data: VolumeOptions.Subpath`. */
export function lostMountOptions(spec: ContainerSpec, patch: Patch): readonly MountOptions[] {
  return optionsAt(spec, patch, lostOf, (bind, wanted) => ('volume' in wanted ? propagationsOf(bind) : []));
}

/** The same where the whole entry gives way to what is asked for, as an override file of Compose has it. */
export function mountOptionsBeyond(spec: ContainerSpec, patch: Patch): readonly MountOptions[] {
  const another: Wanted = { volume: '', readOnly: false };
  return optionsAt(
    spec,
    patch,
    (entry) => lostOf(entry, asText(entry['Type']) === 'volume' ? { bind: '' } : another),
    propagationsOf,
  );
}

interface MountOptions {
  readonly path: string;
  readonly keys: readonly string[];
}

function optionsAt(
  spec: ContainerSpec,
  patch: Patch,
  ofEntry: (entry: JsonObject, wanted: Wanted) => readonly string[],
  ofBind: (bind: string, wanted: Wanted) => readonly string[],
): readonly MountOptions[] {
  const now = new Map(spec.mounts.map((mount) => [containerPath(asText(mount['Destination'])), mountNow(mount)]));
  const asked = new Map(Object.entries(patch.mounts ?? {}).map(([path, wanted]) => [containerPath(path), wanted]));
  const lost = (path: string, keysOf: (wanted: Wanted) => readonly string[]): readonly MountOptions[] => {
    const wanted = wantedAt(path, now.get(path), asked, patch);
    const keys = wanted === undefined || wanted === null ? [] : keysOf(wanted);
    return keys.length === 0 ? [] : [{ path, keys }];
  };
  return [
    ...mountEntriesOf(spec).flatMap((entry) => lost(targetOf(entry), (wanted) => ofEntry(entry, wanted))),
    ...strings(spec.hostConfig['Binds']).flatMap((bind) => lost(bindTarget(bind), (wanted) => ofBind(bind, wanted))),
  ];
}

/** Undefined: as it is. Whether it is read-only stays, too, where nothing is said of that. */
function wantedAt(
  path: string,
  now: ExpectedMount | undefined,
  asked: ReadonlyMap<string, PatchedMount | null>,
  { volumes = {} }: Patch,
): Wanted | null | undefined {
  const wanted = asked.get(path);
  if (wanted === null) return null;
  if (wanted !== undefined)
    return isAlready(now, wanted) ? undefined : { ...wanted, readOnly: wanted.readOnly ?? now?.readWrite === false };
  const volume = now?.type === 'volume' && Object.hasOwn(volumes, now.source) ? volumes[now.source] : undefined;
  return volume === undefined || now === undefined ? undefined : { volume, readOnly: !now.readWrite };
}

export function isAlready(now: ExpectedMount | undefined, wanted: PatchedMount): boolean {
  if (now === undefined || now.readWrite === (wanted.readOnly ?? !now.readWrite)) return false;
  return 'volume' in wanted
    ? now.type === 'volume' && now.source === wanted.volume
    : now.type === 'bind' && now.source === wanted.bind;
}

/**
 * A volume without a name has no mode; mounted by its id it has z (a label of SELinux that is shared, which Docker gave
 * that volume when it made it [moby v20.10.24 daemon/create_unix.go]), and rw when docker-compose 1 does that.
 */
export const modesById: readonly string[] = ['z', 'rw'];

/** Of an image the name: where its files lie is another path for every container. */
export function mountNow(mount: JsonObject): ExpectedMount {
  const type = asText(mount['Type']);
  return {
    type,
    source: asText(type === 'volume' || type === 'image' ? mount['Name'] : mount['Source']),
    readWrite: mount['RW'] === true,
  };
}

function declares(spec: ContainerSpec, path: string): boolean {
  return Object.keys(asObject(spec.config['Volumes'])).some((at) => containerPath(at) === path);
}

function mountEntry(path: string, wanted: Wanted): JsonObject {
  const readOnly = wanted.readOnly ? { ReadOnly: true } : {};
  return 'volume' in wanted
    ? { ...readOnly, Source: wanted.volume, Target: path, Type: 'volume', VolumeOptions: { NoCopy: true } }
    : { ...readOnly, Source: wanted.bind, Target: path, Type: 'bind' };
}

function targetOf(entry: JsonObject): string {
  return containerPath(asText(entry['Target']));
}

/** `SOURCE:PATH[:MODE]`; a source is a path or a volume's name, and neither holds a colon. */
function bindTarget(bind: string): string {
  return containerPath(bind.split(':')[1] ?? '');
}

function modesOf(bind: string): readonly string[] {
  return (bind.split(':')[2] ?? '').split(',').filter((mode) => mode !== '');
}

/** Of paths of the host; a volume has none. */
const propagations = ['shared', 'rshared', 'slave', 'rslave', 'private', 'rprivate'];

function propagationsOf(bind: string): readonly string[] {
  return modesOf(bind).filter((mode) => propagations.includes(mode));
}

/** Every mode but the ones that do not fit what is mounted now is kept. */
function bindText(bind: string, wanted: Wanted): string {
  const path = bind.split(':')[1] ?? '';
  const modes = modesOf(bind).filter((each) => !['rw', 'ro', 'nocopy'].includes(each));
  const all = [...(wanted.readOnly ? ['ro'] : []), ...modes, ...('volume' in wanted ? ['nocopy'] : [])];
  return ['volume' in wanted ? wanted.volume : wanted.bind, path, ...(all.length === 0 ? [] : [all.join(',')])].join(
    ':',
  );
}

function strings(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];
}
