import { isObject } from '../../values/json.ts';
import type { YamlFile } from '../yaml/yaml.ts';
import { hostSchema, type Settings } from './inventory-schema.ts';
import type { Entry, HostEntry, Structure } from './inventory-structure.ts';

/** What the command line says about every host, stronger than any file. */
export type InventoryOverrides = Partial<
  Pick<Settings, 'user' | 'port' | 'identity_file' | 'known_hosts_file' | 'become' | 'connect_timeout' | 'ssh_config'>
>;

/** One source of settings for a host; later layers win. */
export interface Layer extends Entry {
  readonly settings: Settings;
}

export interface Layered {
  readonly groups: readonly string[];
  /** Weakest first. */
  readonly layers: readonly Layer[];
}

/** The layers of each host: its file's defaults, its groups with parents first, itself. Each is read once. */
export function layering(
  structure: Structure,
  yamls: readonly YamlFile[],
  members: ReadonlyMap<string, readonly string[]>,
): (entry: HostEntry) => Layered {
  const defaults = new Map(yamls.map((yaml) => [yaml, layerAt({ yaml, path: ['defaults'] })]));
  const groups = structure.groupOrder.map((name) => ({
    name,
    hosts: new Set(members.get(name)),
    layers: (structure.groups.get(name)?.entries ?? []).map(layerAt),
  }));
  return (entry) => {
    const own = groups.filter(({ hosts }) => hosts.has(entry.name));
    const base = defaults.get(entry.yaml);
    return {
      groups: own.map(({ name }) => name),
      layers: [...(base === undefined ? [] : [base]), ...own.flatMap(({ layers }) => layers), layerAt(entry)],
    };
  };
}

function layerAt(entry: Entry): Layer {
  return { yaml: entry.yaml, path: entry.path, settings: settingsAt(entry) };
}

function settingsAt({ yaml, path }: Entry): Settings {
  const raw = path.reduce<unknown>(
    (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    yaml.value,
  );
  // Checked as a whole before; hosts and children of a group are no settings.
  const settings = Object.entries(isObject(raw) ? raw : {}).filter(([key]) => key !== 'hosts' && key !== 'children');
  return hostSchema.parse(Object.fromEntries(settings));
}
