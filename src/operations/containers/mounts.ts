import type { ContainerSpec } from '../../facts/container-spec.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { asObject, asText, isObject } from '../../values/json.ts';
import type { Patch, PatchedMount } from './patch.ts';

/** One element of HostConfig.Mounts: as it is, by its place in the old one's, or another one. */
export type MountEntry = { readonly kept: number } | { readonly set: JsonObject };

export interface PlannedMounts {
  /** Undefined: as they are. */
  readonly binds: readonly string[] | undefined;
  readonly mounts: readonly MountEntry[] | undefined;
  /** What the new container's .Mounts must say: path → what is there. */
  readonly expected: ReadonlyMap<string, ExpectedMount>;
}

export interface ExpectedMount {
  readonly type: string;
  /** The volume's name, or the path on the host. */
  readonly source: string;
  readonly readWrite: boolean;
}

/**
 * Where a path's mount is said (Binds or Mounts) it is changed; what an image or `-v /path` made a volume
 * without a name for gets a mount of that very volume. NoCopy wherever a volume is named that the container
 * has not had: nothing is to be copied into it.
 */
export function planMounts(spec: ContainerSpec, patch: Patch): PlannedMounts {
  const now = new Map(spec.mounts.map((mount) => [asText(mount['Destination']), mountNow(mount)]));
  const want = (path: string): PatchedMount | null | undefined => wantedAt(path, now.get(path), patch);
  const oldBinds = strings(spec.hostConfig['Binds']);
  const oldMounts = objects(spec.hostConfig['Mounts']);
  const said = new Set([...oldBinds.map(bindTarget), ...oldMounts.map((mount) => asText(mount['Target']))]);

  const binds = oldBinds.flatMap((bind) => {
    const wanted = want(bindTarget(bind));
    return wanted === undefined ? [bind] : wanted === null ? [] : [bindText(bind, wanted)];
  });
  const changed = oldMounts.flatMap((mount, index): readonly MountEntry[] => {
    const path = asText(mount['Target']);
    const wanted = want(path);
    if (wanted === null) return [];
    if (wanted !== undefined) return [{ set: mountEntry(path, wanted) }];
    const anonymous = asText(mount['Type']) === 'volume' && asText(mount['Source']) === '' ? now.get(path) : undefined;
    return [anonymous === undefined ? { kept: index } : { set: { ...withoutEmpty(mount), Source: anonymous.source, VolumeOptions: { NoCopy: true } } }];
  });
  const anonymous = [...now].filter(([path, { type }]) => !said.has(path) && type === 'volume' && (declares(spec, path) || want(path) !== undefined));
  const added = Object.entries(patch.mounts ?? {}).filter(([path]) => !said.has(path) && !anonymous.some(([other]) => other === path));
  const more = [
    ...anonymous.flatMap(([path, { source, readWrite }]) => {
      const wanted = want(path);
      return wanted === null ? [] : [mountEntry(path, wanted ?? { volume: source, readOnly: !readWrite })];
    }),
    ...added.flatMap(([path, wanted]) => (wanted === null ? [] : [mountEntry(path, wanted)])),
  ].map((set): MountEntry => ({ set }));
  const mounts = [...changed, ...more];

  const expected = new Map(now);
  for (const path of new Set([...now.keys(), ...Object.keys(patch.mounts ?? {})])) {
    const wanted = want(path);
    if (wanted === null) expected.delete(path);
    else if (wanted !== undefined) expected.set(path, 'volume' in wanted ? { type: 'volume', source: wanted.volume, readWrite: wanted.readOnly !== true } : { type: 'bind', source: wanted.bind, readWrite: wanted.readOnly !== true });
  }
  const same = mounts.length === oldMounts.length && mounts.every((entry) => 'kept' in entry);
  return { binds: binds.join('\n') === oldBinds.join('\n') ? undefined : binds, mounts: same ? undefined : mounts, expected };
}

/** Undefined: as it is. */
function wantedAt(path: string, now: ExpectedMount | undefined, patch: Patch): PatchedMount | null | undefined {
  const { volumes = {}, mounts = {} } = patch;
  if (Object.hasOwn(mounts, path)) {
    const wanted = mounts[path];
    return wanted !== null && wanted !== undefined && isAlready(now, wanted) ? undefined : wanted;
  }
  const volume = now?.type === 'volume' && Object.hasOwn(volumes, now.source) ? volumes[now.source] : undefined;
  return volume === undefined || now === undefined ? undefined : { volume, readOnly: !now.readWrite };
}

export function isAlready(now: ExpectedMount | undefined, wanted: PatchedMount): boolean {
  if (now === undefined || now.readWrite === (wanted.readOnly === true)) return false;
  return 'volume' in wanted ? now.type === 'volume' && now.source === wanted.volume : now.type === 'bind' && now.source === wanted.bind;
}

export function mountNow(mount: JsonObject): ExpectedMount {
  const type = asText(mount['Type']);
  return { type, source: asText(type === 'volume' ? mount['Name'] : mount['Source']), readWrite: mount['RW'] === true };
}

function declares(spec: ContainerSpec, path: string): boolean {
  return Object.keys(asObject(spec.config['Volumes'])).some((at) => at.replace(/(.)\/+$/, '$1') === path);
}

function mountEntry(path: string, wanted: PatchedMount): JsonObject {
  const readOnly = wanted.readOnly === true ? { ReadOnly: true } : {};
  return 'volume' in wanted ? { ...readOnly, Source: wanted.volume, Target: path, Type: 'volume', VolumeOptions: { NoCopy: true } } : { ...readOnly, Source: wanted.bind, Target: path, Type: 'bind' };
}

/** `SOURCE:PATH[:MODE]`; a source is a path or a volume's name, and neither holds a colon. */
function bindTarget(bind: string): string {
  return bind.split(':')[1] ?? '';
}

/** Every mode but the ones that do not fit what is mounted now is kept. */
function bindText(bind: string, wanted: PatchedMount): string {
  const [, path = '', mode = ''] = bind.split(':');
  const modes = mode.split(',').filter((each) => each !== '' && !['rw', 'ro', 'nocopy'].includes(each));
  const all = [...(wanted.readOnly === true ? ['ro'] : []), ...modes, ...('volume' in wanted ? ['nocopy'] : [])];
  return ['volume' in wanted ? wanted.volume : wanted.bind, path, ...(all.length === 0 ? [] : [all.join(',')])].join(':');
}

/** As Docker takes it: what the facts say of options that are not there is left out. */
function withoutEmpty(mount: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(mount).filter(([key, value]) => key !== 'VolumeOptions' && value !== null));
}

function strings(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];
}
