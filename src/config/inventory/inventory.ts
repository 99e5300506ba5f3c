import { ConfigError, type ConfigIssue } from '../../errors.ts';
import { isObject, type Json } from '../../values/json.ts';
import { byHand } from '../../values/shell.ts';
import { asJson } from '../yaml/as-json.ts';
import { draftHost, type HostContext, type HostDraft } from './inventory-host.ts';
import { circlesOf, jumpsOf } from './inventory-jumps.ts';
import { type InventoryOverrides, layering } from './inventory-layers.ts';
import { inventorySchema } from './inventory-schema.ts';
import { readStructure, type Structure } from './inventory-structure.ts';
import type { ConfigIo } from '../model/io.ts';
import { readInventoryFile, type Read } from './read-file.ts';
import { mistakesIn } from '../yaml/schema-issues.ts';
import { mistakenSecrets } from '../expressions/secret-vars.ts';
import { inOrder } from '../yaml/source.ts';
import type { Host, Inventory } from '../model/types.ts';
import { nothingKnown, routeTo } from '../ssh/route.ts';
import type { Laptop } from '../ssh/target-of-way.ts';
import { readLaptop } from '../ssh/through-ssh.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** Reads and merges the files. Throws a ConfigError with every issue of all of them. */
export async function loadInventory(
  files: readonly string[],
  io: ConfigIo,
  overrides: InventoryOverrides = {},
): Promise<Inventory> {
  const { value, issues } = await readInventory(files, io, overrides);
  if (value === undefined) throw new ConfigError(issues);
  return value;
}

export async function readInventory(
  files: readonly string[],
  io: ConfigIo,
  overrides: InventoryOverrides = {},
): Promise<Read<Inventory>> {
  const parsed = await Promise.all(files.map((file) => readInventoryFile(file, io)));
  const yamls = parsed.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const structure = readStructure(yamls);
  const issues = [...parsed.flatMap((file) => file.issues), ...yamls.flatMap(judge), ...structure.issues];
  if (files.length === 0) issues.push({ file: 'inventory', message: 'no inventory file was given' });
  if (issues.length > 0) return { issues: inOrder(issues) };
  const built = build(structure.structure, yamls, { io, overrides }, await readLaptop(io));
  return built.value === undefined
    ? built
    : { ...built, value: { ...built.value, warnings: await withModes(built.value.warnings, io) } };
}

/** Whoever may read the file has the secret that stands in it. */
async function withModes(warnings: readonly ConfigIssue[], io: ConfigIo): Promise<readonly ConfigIssue[]> {
  return await Promise.all(
    warnings.map(async (warning) => {
      const mode = await io.fileMode(warning.file);
      return mode === undefined || (mode & 0o044) === 0
        ? warning
        : {
            ...warning,
            message: `${warning.message}; and others may read the file (mode ${mode.toString(8).padStart(4, '0')}): ${byHand('chmod', '600', warning.file)}`,
          };
    }),
  );
}

/** Expressions belong into playbooks; in an inventory they would silently stay text. */
function judge(yaml: YamlFile): readonly ConfigIssue[] {
  const expressions = pathsOf(yaml.value, (text) => text.includes('${{'));
  return [
    ...mistakesIn(inventorySchema, yaml.value, expressions).map(({ path, at, message }) =>
      yaml.issue(path, message, at),
    ),
    ...expressions.map((path) => yaml.issue(path, 'expressions are read in playbooks only, not in an inventory')),
    ...varsIn(yaml.value).flatMap(({ path, vars }) =>
      mistakenSecrets(vars).map((mistake) => yaml.issue([...path, ...mistake.path], mistake.message)),
    ),
  ];
}

/** Every place of an inventory that has variables. */
function varsIn(value: Json): readonly { readonly path: Path; readonly vars: Json }[] {
  const at = (path: Path): { readonly path: Path; readonly vars: Json }[] => {
    const vars = [...path, 'vars'].reduce<unknown>(
      (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
      value,
    );
    return isObject(vars) ? [{ path: [...path, 'vars'], vars: asJson(vars) }] : [];
  };
  const named = (section: 'hosts' | 'groups'): readonly Path[] =>
    isObject(value) && isObject(value[section]) ? Object.keys(value[section]).map((name) => [section, name]) : [];
  return [['defaults'], ...named('hosts'), ...named('groups')].flatMap(at);
}

function pathsOf(value: Json, wanted: (text: string) => boolean): readonly Path[] {
  if (typeof value === 'string') return wanted(value) ? [[]] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, Json]) =>
    pathsOf(inner, wanted).map((path) => [Array.isArray(value) ? Number(key) : key, ...path]),
  );
}

function build(
  structure: Structure,
  yamls: readonly YamlFile[],
  context: HostContext,
  laptop: Laptop,
): Read<Inventory> {
  const issues: ConfigIssue[] = [];
  const groups = new Map([...structure.groups.keys()].map((name) => [name, membersOf(structure, name)]));
  const layersOf = layering(structure, yamls, groups);
  const drafts = new Map(
    [...structure.hosts.values()].map((entry) => [entry.name, draftHost(entry, layersOf(entry), context, issues)]),
  );
  const jumps = new Map([...drafts].map(([name, draft]) => [name, jumpsOf(draft, drafts, issues)]));
  issues.push(...circlesOf(jumps, drafts));
  if (issues.length > 0) return { issues: inOrder(distinct(issues)) };
  const ways = new Map(
    [...drafts.values()].map(({ name, way }) => [name, { ...way, jumps: jumps.get(name) }] as const),
  );
  const finder = { ways, known: nothingKnown, laptop };
  const hosts = new Map(
    [...drafts.values()].map(({ name, vars, groups, secrets, files, place, way: own }): [string, Host] => {
      const way = ways.get(name) ?? own;
      return [name, { name, vars, groups, secrets, files, place, way, target: routeTo(name, way, finder).target }];
    }),
  );
  const file = yamls.map(({ source }) => source.file).join(', ');
  return { value: { file, hosts, groups, warnings: plainSecrets(drafts.values()) }, issues: [] };
}

function membersOf(structure: Structure, name: string): readonly string[] {
  const found = new Set<string>();
  const visit = (group: string): void => {
    const entry = structure.groups.get(group);
    entry?.hosts.forEach((host) => found.add(host));
    entry?.children.forEach(visit);
  };
  visit(name);
  return [...structure.hosts.keys()].filter((host) => found.has(host));
}

/** As they are written here and in Ansible's inventories, both kinds of which are read. */
const plainNames: Readonly<Record<string, string>> = {
  identityPassphrase: 'identity_passphrase',
  password: 'password',
  becomePassword: 'become_password',
};

function plainSecrets(drafts: Iterable<HostDraft>): readonly ConfigIssue[] {
  const plain = [...drafts].flatMap(({ secrets }) =>
    Object.entries(secrets).filter(([, { source }]) => source.kind === 'text'),
  );
  return distinct(
    plain.map(([key, { place }]) => ({
      ...place,
      message: `${plainNames[key] ?? key} is a secret in plain text: better { env: NAME }, { file: PATH } or { command: [...] }`,
    })),
  );
}

/** A mistake in a group is met once for each of its hosts. */
function distinct(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  return [
    ...new Map(
      issues.map((issue) => [`${issue.file}:${String(issue.line)}:${String(issue.column)}:${issue.message}`, issue]),
    ).values(),
  ];
}
