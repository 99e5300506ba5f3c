import type { ConfigIssue } from '../../errors.ts';
import { isObject } from '../../values/json.ts';
import { Suggestions } from '../model/closest.ts';
import { globMatcher, isGlob } from '../model/glob.ts';
import { expandRanges, RangeMistake } from '../model/ranges.ts';
import { showPlace } from '../yaml/source.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** Where something of the inventory is written. */
export interface Entry {
  readonly yaml: YamlFile;
  readonly path: Path;
}

export interface HostEntry extends Entry {
  readonly name: string;
  /** Its position in its range, and how many the range stands for. */
  readonly index: number;
  readonly count: number;
}

export interface GroupEntry {
  readonly name: string;
  /** One for each file that speaks of the group. */
  readonly entries: readonly Entry[];
  readonly hosts: ReadonlySet<string>;
  readonly children: readonly string[];
}

export interface Structure {
  readonly hosts: ReadonlyMap<string, HostEntry>;
  readonly groups: ReadonlyMap<string, GroupEntry>;
  /** Parents before their children, otherwise in the order of the files. */
  readonly groupOrder: readonly string[];
}

const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/;
const reserved = new Set(['all', 'ungrouped']);

/**
 * Names, ranges, memberships. Reads the raw values leniently: what a schema has against them is
 * reported elsewhere, and the mistakes in names are wanted in the same report.
 */
export function readStructure(files: readonly YamlFile[]): {
  readonly structure: Structure;
  readonly issues: readonly ConfigIssue[];
} {
  const issues: ConfigIssue[] = [];
  const hosts = new Map<string, HostEntry>();
  for (const yaml of files)
    for (const pattern of Object.keys(section(yaml, 'hosts'))) addHosts(yaml, pattern, hosts, issues);
  const written = groupEntries(files);
  const groups = new Map<string, GroupEntry>();
  const hostsLike = new Suggestions(() => hosts.keys());
  const groupsLike = new Suggestions(() => written.keys());
  for (const [name, entries] of written) {
    for (const { yaml, path } of entries) {
      if (reserved.has(name))
        issues.push(
          yaml.issue(
            path,
            `"${name}" stands for hosts by itself and cannot be defined; what holds for every host belongs into defaults`,
            'key',
          ),
        );
      else if (!hostName.test(name))
        issues.push(yaml.issue(path, `"${name}" cannot name a group: use letters, digits, ".", "_" and "-"`, 'key'));
      else if (hosts.has(name))
        issues.push(yaml.issue(path, `"${name}" is a host too: a pattern could not tell them apart`, 'key'));
    }
    groups.set(name, {
      name,
      entries,
      hosts: new Set(entries.flatMap((entry) => members(entry, hosts, hostsLike, issues))),
      children: entries.flatMap((entry) => children(entry, written, groupsLike, issues)),
    });
  }
  return { structure: { hosts, groups, groupOrder: order(groups, issues) }, issues };
}

function section(yaml: YamlFile, key: 'hosts' | 'groups'): Readonly<Record<string, unknown>> {
  const value = isObject(yaml.value) ? yaml.value[key] : undefined;
  return isObject(value) ? value : {};
}

function addHosts(yaml: YamlFile, pattern: string, hosts: Map<string, HostEntry>, issues: ConfigIssue[]): void {
  const path = ['hosts', pattern];
  const names = expand(pattern, (message) => issues.push(yaml.issue(path, message, 'key')));
  for (const [index, name] of names.entries()) {
    const earlier = hosts.get(name);
    if (!hostName.test(name)) {
      issues.push(
        yaml.issue(
          path,
          `"${name}" cannot name a host: use letters, digits, ".", "_" and "-", and write anything else as its address`,
          'key',
        ),
      );
      return;
    }
    if (earlier !== undefined) {
      issues.push(
        yaml.issue(
          path,
          `the host "${name}" is defined twice: first at ${showPlace(earlier.yaml.placeOf(earlier.path))}`,
          'key',
        ),
      );
      return;
    }
    hosts.set(name, { yaml, path, name, index, count: names.length });
  }
}

function expand(pattern: string, complain: (message: string) => void): readonly string[] {
  try {
    return expandRanges(pattern);
  } catch (thrown) {
    if (!(thrown instanceof RangeMistake)) throw thrown;
    complain(thrown.message);
    return [];
  }
}

function groupEntries(files: readonly YamlFile[]): ReadonlyMap<string, readonly Entry[]> {
  const written = new Map<string, Entry[]>();
  for (const yaml of files) {
    for (const name of Object.keys(section(yaml, 'groups'))) {
      const entry = { yaml, path: ['groups', name] };
      const entries = written.get(name);
      if (entries === undefined) written.set(name, [entry]);
      else entries.push(entry);
    }
  }
  return written;
}

function listOf({ yaml, path }: Entry, key: 'hosts' | 'children'): readonly unknown[] {
  const group = section(yaml, 'groups')[String(path[1])];
  const value: unknown = isObject(group) ? group[key] : undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list;
}

function members(
  entry: Entry,
  hosts: ReadonlyMap<string, HostEntry>,
  suggestions: Suggestions,
  issues: ConfigIssue[],
): readonly string[] {
  const found: string[] = [];
  let all: readonly string[] | undefined;
  for (const [index, pattern] of listOf(entry, 'hosts').entries()) {
    if (typeof pattern !== 'string') continue;
    if (hosts.has(pattern)) {
      found.push(pattern);
      continue;
    }
    const complain = (message: string): void =>
      void issues.push(entry.yaml.issue([...entry.path, 'hosts', index], message));
    for (const name of expand(pattern, complain)) {
      if (!hosts.has(name) && isGlob(name)) all ??= [...hosts.keys()];
      const meant = hosts.has(name) ? [name] : isGlob(name) ? (all ?? []).filter(globMatcher(name)) : [];
      if (meant.length === 0)
        complain(
          isGlob(name) ? `"${name}" matches no host` : `there is no host "${name}"${suggestions.didYouMean(name)}`,
        );
      for (const host of meant) found.push(host);
    }
  }
  return found;
}

function children(
  entry: Entry,
  groups: ReadonlyMap<string, unknown>,
  suggestions: Suggestions,
  issues: ConfigIssue[],
): readonly string[] {
  return listOf(entry, 'children').flatMap((child, index) => {
    if (typeof child !== 'string') return [];
    if (groups.has(child)) return [child];
    issues.push(
      entry.yaml.issue(
        [...entry.path, 'children', index],
        `there is no group "${child}"${suggestions.didYouMean(child)}`,
      ),
    );
    return [];
  });
}

/** Depth-first, finished last: reversed, that is parents before children. A way back is a circle. */
function order(groups: ReadonlyMap<string, GroupEntry>, issues: ConfigIssue[]): readonly string[] {
  const finished: string[] = [];
  const done = new Set<string>();
  const visit = (group: GroupEntry, trail: readonly string[]): void => {
    if (done.has(group.name)) return;
    for (const child of [...group.children].reverse()) {
      const back = [...trail, group.name].indexOf(child);
      const next = groups.get(child);
      if (back === -1 && next !== undefined) visit(next, [...trail, group.name]);
      if (back !== -1) {
        const [entry] = group.entries;
        if (entry !== undefined)
          issues.push(
            entry.yaml.issue(
              [...entry.path, 'children'],
              `these groups contain each other: ${[...[...trail, group.name].slice(back), child].join(' → ')}`,
              'key',
            ),
          );
      }
    }
    done.add(group.name);
    finished.push(group.name);
  };
  for (const group of [...groups.values()].reverse()) visit(group, []);
  return finished.reverse();
}
