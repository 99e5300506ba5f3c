import { resolve } from 'node:path';
import type { JsonObject } from '../../values/json.ts';
import { withFilesAt } from '../expressions/secret-vars.ts';
import type { ConfigIo } from '../model/io.ts';
import type { YamlFile } from '../yaml/yaml.ts';
import { resolvePath } from './inventory-paths.ts';
import type { InventoryInput, Settings } from './inventory-schema.ts';
import type { Entry, HostEntry, Structure } from './inventory-structure.ts';

/** What the command line says about every host, stronger than any file. */
export type InventoryOverrides = Partial<
  Pick<Settings, 'user' | 'port' | 'identity_file' | 'known_hosts_file' | 'become' | 'connect_timeout' | 'ssh_config'>
>;

/** One source of settings for a host; later layers win. */
export interface Layer extends Entry {
  readonly settings: Settings;
  /** Its variables, the files of their secrets found from anywhere. */
  readonly vars: JsonObject;
  /** Whether it says anything else. */
  readonly says: boolean;
}

export interface Layered {
  readonly groups: readonly string[];
  /** Weakest first. */
  readonly layers: readonly Layer[];
}

/** What each file says, checked and as the schema gives it. */
export type Inputs = ReadonlyMap<YamlFile, InventoryInput>;

/**
 * The layers of each host: its file's defaults, its groups with parents first, itself. Each is read once, and no host is looked
 * for in a group that it is not in.
 */
export function layering(
  structure: Structure,
  inputs: Inputs,
  members: ReadonlyMap<string, readonly string[]>,
  io: ConfigIo,
): (entry: HostEntry) => Layered {
  const layer = (entry: Entry, said: Settings | null | undefined): Layer => {
    const settings = said ?? {};
    const absolute = (file: string): string => resolve(resolvePath(file, entry.yaml, io));
    return {
      yaml: entry.yaml,
      path: entry.path,
      settings,
      vars: withFilesAt(settings.vars ?? {}, absolute),
      says: Object.keys(settings).some((key) => key !== 'vars' && key !== 'hosts' && key !== 'children'),
    };
  };
  const defaults = new Map(
    [...inputs].map(([yaml, { defaults: said }]) => [yaml, layer({ yaml, path: ['defaults'] }, said)]),
  );
  const groupsOf = new Map<string, { readonly name: string; readonly layers: readonly Layer[] }[]>();
  for (const name of structure.groupOrder) {
    const layers = (structure.groups.get(name)?.entries ?? []).map((entry) =>
      layer(entry, inputs.get(entry.yaml)?.groups?.[name]),
    );
    const group = { name, layers };
    for (const host of members.get(name) ?? []) {
      const known = groupsOf.get(host);
      if (known === undefined) groupsOf.set(host, [group]);
      else known.push(group);
    }
  }
  return (entry) => {
    const own = groupsOf.get(entry.name) ?? [];
    const base = defaults.get(entry.yaml);
    return {
      groups: own.map(({ name }) => name),
      layers: [
        ...(base === undefined ? [] : [base]),
        ...own.flatMap(({ layers }) => layers),
        layer(entry, entry.settings ?? inputs.get(entry.yaml)?.hosts[String(entry.path[1])]),
      ],
    };
  };
}
