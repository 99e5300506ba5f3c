import type { Json, JsonObject } from '../../../values/json.ts';
import { asText, isObject } from '../../../values/json.ts';
import { goString } from './go-template.ts';
import { isEmpty } from './networks.ts';
import type { PatchedMount } from './patch.ts';

/**
 * One element of HostConfig.Mounts of the new container: as it is, by its place in the old one's; another one; or the one
 * at a place with some of its keys set, everything else of it being kept. The options of a volume driver may hold a
 * password, so they are taken over where they are.
 */
export type MountEntry = { readonly kept: number } | { readonly set: JsonObject; readonly of?: number };

/** The options that belong to each type of mount. */
const optionsOf: Readonly<Record<string, string>> = {
  volume: 'VolumeOptions',
  bind: 'BindOptions',
  tmpfs: 'TmpfsOptions',
  image: 'ImageOptions',
  cluster: 'ClusterOptions',
};

/** What says something of the thing that was mounted, or of how it is made, and nothing of how it is seen. */
const ofTheOldOne: Readonly<Record<string, readonly string[]>> = {
  VolumeOptions: ['NoCopy', 'Labels', 'DriverConfig'],
  BindOptions: ['CreateMountpoint'],
  TmpfsOptions: ['SizeBytes', 'Mode', 'Options'],
};

const ofEveryType = ['Type', 'Source', 'Target', 'ReadOnly', 'Consistency'];

/** What a mount is to be now, with all that is kept of the entry at its place in the old container's. */
export function changedEntry(index: number, wanted: PatchedMount, readOnly: boolean): MountEntry {
  const source = 'volume' in wanted ? wanted.volume : wanted.bind;
  const type = 'volume' in wanted ? 'volume' : 'bind';
  return {
    of: index,
    set: {
      Source: source,
      Type: type,
      ReadOnly: readOnly,
      ...(type === 'volume' ? { VolumeOptions: { NoCopy: true } } : {}),
    },
  };
}

/** The keys of an entry that another mount at its place could not have, by their names. */
export function lostOf(entry: JsonObject, wanted: PatchedMount): readonly string[] {
  const options = 'volume' in wanted ? 'VolumeOptions' : 'BindOptions';
  return Object.entries(entry).flatMap(([key, value]): readonly string[] => {
    if (
      isEmpty(value) ||
      ofEveryType.includes(key) ||
      (key === options && optionsOf[asText(entry['Type'])] === options)
    )
      return [];
    if (!isObject(value)) return [key];
    return Object.entries(value).flatMap(([name, inner]) =>
      isEmpty(inner) || (ofTheOldOne[key] ?? []).includes(name) || isOrdinary(name, inner) ? [] : [`${key}.${name}`],
    );
  });
}

/** What Docker takes where nothing is said. */
function isOrdinary(name: string, value: Json): boolean {
  return name === 'Propagation' && value === 'rprivate';
}

/** `,"key":value` of everything but some keys. */
const others = (of: string, but: readonly string[]): string =>
  `{{range $k, $v := ${of}}}{{if eq $k ${but.map(goString).join(' ')}}}{{else}},{{json $k}}:{{json $v}}{{end}}{{end}}`;

const at = (index: number): string => `(index (index .HostConfig "Mounts") ${String(index)})`;

export const entryAt = (index: number): string => `{{json ${at(index)}}}`;

/** Prints, each with a comma before it, the members of an entry that are kept beside those that are set. */
export function keptMembers(index: number, set: JsonObject): string {
  const type = asText(set['Type']);
  const foreign = Object.entries(optionsOf).flatMap(([of, key]) => (of === type ? [] : [key]));
  return others(at(index), [...Object.keys(set), 'Target', ...foreign]);
}

/** The same of the options that are set in part. */
export function keptOptions(index: number, key: string, set: JsonObject): string {
  return others(`(index ${at(index)} ${goString(key)})`, Object.keys(set));
}
