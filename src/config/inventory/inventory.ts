import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ConfigError, type ConfigIssue } from '../../errors.ts';
import type { Target } from '../../transport/transport.ts';
import { isObject, type Json, type JsonObject } from '../../values/json.ts';
import { Secret } from '../../values/secret.ts';
import { byHand } from '../../values/shell.ts';
import { asJson } from '../yaml/as-json.ts';
import { didYouMean } from '../model/closest.ts';
import { hostSchema, inventorySchema, type SecretInput, type Settings } from './inventory-schema.ts';
import { readStructure, type Entry, type HostEntry, type Structure } from './inventory-structure.ts';
import { expandHome, type ConfigIo } from '../model/io.ts';
import { expandRanges, RangeMistake } from '../model/ranges.ts';
import { readInventoryFile, type Read } from './read-file.ts';
import { mistakesIn } from '../yaml/schema-issues.ts';
import { mistakenSecrets, withFilesAt } from '../expressions/secret-vars.ts';
import { inOrder } from '../yaml/source.ts';
import type { Host, Inventory, NamedSource, SecretKey, SecretSetting, SecretSource } from '../model/types.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** What the command line says about every host, stronger than any file. */
export type InventoryOverrides = Partial<
  Pick<Settings, 'user' | 'port' | 'identity_file' | 'known_hosts_file' | 'become' | 'connect_timeout'>
>;

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
  const keys = await defaultKeys(io);
  const built = build(structure.structure, yamls, { io, overrides, keys });
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

async function defaultKeys(io: ConfigIo): Promise<readonly string[]> {
  const files = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(io.homeDir, '.ssh', name));
  const there = await Promise.all(files.map((file) => io.fileExists(file)));
  return files.filter((_, index) => there[index]);
}

interface Context {
  readonly io: ConfigIo;
  readonly overrides: InventoryOverrides;
  readonly keys: readonly string[];
}

/** One source of settings for a host; later layers win. */
interface Layer extends Entry {
  readonly settings: Settings;
}

type Draft = Omit<Host, 'target'> & {
  readonly target: Omit<Target, 'jump'>;
  readonly jump?: { readonly name: string; readonly layer: Layer };
};

function build(structure: Structure, yamls: readonly YamlFile[], context: Context): Read<Inventory> {
  const issues: ConfigIssue[] = [];
  const groups = new Map([...structure.groups.keys()].map((name) => [name, membersOf(structure, name)]));
  const layersOf = layering(structure, yamls, groups);
  const drafts = new Map(
    [...structure.hosts.values()].map((entry) => [entry.name, draftHost(entry, layersOf(entry), context, issues)]),
  );
  const hosts = new Map([...drafts].map(([name, draft]) => [name, withJump(draft, drafts, issues)]));
  if (issues.length > 0) return { issues: inOrder(distinct(issues)) };
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

function settingsAt({ yaml, path }: Entry): Settings {
  const raw = path.reduce<unknown>(
    (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    yaml.value,
  );
  // Checked as a whole before; hosts and children of a group are no settings.
  const settings = Object.entries(isObject(raw) ? raw : {}).filter(([key]) => key !== 'hosts' && key !== 'children');
  return hostSchema.parse(Object.fromEntries(settings));
}

interface Layered {
  readonly groups: readonly string[];
  /** Weakest first. */
  readonly layers: readonly Layer[];
}

/** The layers of each host: its file's defaults, its groups with parents first, itself. Each is read once. */
function layering(
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

function draftHost(
  entry: HostEntry,
  { groups, layers: written }: Layered,
  context: Context,
  issues: ConfigIssue[],
): Draft {
  const layers: readonly Layer[] = [...written, { yaml: entry.yaml, path: entry.path, settings: context.overrides }];
  const last = <Key extends keyof Settings>(
    key: Key,
  ): { readonly value: NonNullable<Settings[Key]>; readonly layer: Layer } | undefined => {
    const layer = layers.findLast(({ settings }) => settings[key] !== undefined);
    const value = layer?.settings[key];
    return layer === undefined || value === undefined ? undefined : { value, layer };
  };
  const named: NamedSource[] = [];
  const files = (key: 'identity_file' | 'known_hosts_file'): readonly string[] | undefined => {
    const found = last(key);
    const paths = found && [found.value].flat().map((file) => resolvePath(file, found.layer, context.io));
    // What the command line names, whoever gave it knows.
    if (found !== undefined && found.layer.settings !== context.overrides)
      named.push(
        ...(paths ?? []).map((name): NamedSource => ({
          key,
          kind: 'file',
          name,
          place: found.layer.yaml.placeOf([...found.layer.path, key]),
        })),
      );
    return paths;
  };
  const secret = (key: 'identity_passphrase' | 'password' | 'become_password'): SecretSetting | undefined => {
    const found = last(key);
    return (
      found && {
        source: secretSource(found.value, found.layer, context.io),
        place: found.layer.yaml.placeOf([...found.layer.path, key]),
      }
    );
  };
  const secrets: [SecretKey, SecretSetting | undefined][] = [
    ['identityPassphrase', secret('identity_passphrase')],
    ['password', secret('password')],
    ['becomePassword', secret('become_password')],
  ];
  const user = last('user')?.value ?? context.io.userName;
  const becomeUser = last('become_user')?.value ?? 'root';
  const become = last('become')?.value ?? false;
  const jump = last('proxy_jump');
  return {
    name: entry.name,
    groups,
    place: entry.yaml.placeOf(entry.path),
    vars: layers.reduce<JsonObject>(
      (vars, layer) => ({
        ...vars,
        ...withFilesAt(layer.settings.vars ?? {}, (file) => resolve(resolvePath(file, layer, context.io))),
      }),
      {},
    ),
    secrets: Object.fromEntries(secrets.filter(([, setting]) => setting !== undefined)),
    files: named,
    // A jump set for a whole group that the bastion belongs to does not send the bastion through itself.
    ...(jump === undefined || jump.value === 'none' || (jump.value === entry.name && jump.layer.path !== entry.path)
      ? {}
      : { jump: { name: jump.value, layer: jump.layer } }),
    target: {
      name: entry.name,
      address: addressOf(entry, last('address')?.value, issues),
      port: last('port')?.value ?? 22,
      user,
      identityFiles: files('identity_file') ?? context.keys,
      agent: last('agent')?.value ?? true,
      knownHostsFiles: files('known_hosts_file') ?? [
        join(context.io.homeDir, '.ssh', 'known_hosts'),
        '/etc/ssh/ssh_known_hosts',
      ],
      become: become === false || (user === 'root' && becomeUser === 'root') ? 'none' : 'sudo',
      becomeUser,
      connectTimeoutMs: Math.ceil((last('connect_timeout')?.value ?? 10) * 1000),
      commandTimeoutMs: Math.ceil((last('command_timeout')?.value ?? 300) * 1000),
      stateDirectory: last('state_directory')?.value ?? '/var/lib/plimsoll',
    },
  };
}

/** Relative to the file that says it, so that an inventory works from any directory. */
function resolvePath(file: string, { yaml }: Layer, io: ConfigIo): string {
  const path = expandHome(file, io);
  return isAbsolute(path) ? path : join(dirname(yaml.source.file), path);
}

function secretSource(input: SecretInput, layer: Layer, io: ConfigIo): SecretSource {
  if (typeof input === 'string') return { kind: 'text', secret: new Secret(input) };
  if ('env' in input) return { kind: 'env', name: input.env };
  if ('file' in input) return { kind: 'file', path: resolvePath(input.file, layer, io) };
  return { kind: 'command', argv: input.command };
}

/** The host's share of an address with a range; several hosts at one address are a mistake. */
function addressOf(entry: HostEntry, address: string | undefined, issues: ConfigIssue[]): string {
  if (address === undefined) return entry.name;
  const complain = (message: string): void => void issues.push(entry.yaml.issue([...entry.path, 'address'], message));
  try {
    const addresses = expandRanges(address);
    if (addresses.length !== entry.count)
      complain(
        `${String(entry.count)} hosts, but ${String(addresses.length)} address${addresses.length === 1 ? '' : 'es'}: give the address a range of the same length`,
      );
    return addresses[entry.index] ?? address;
  } catch (thrown) {
    if (!(thrown instanceof RangeMistake)) throw thrown;
    complain(thrown.message);
    return address;
  }
}

function withJump(draft: Draft, drafts: ReadonlyMap<string, Draft>, issues: ConfigIssue[]): Host {
  const { name, vars, groups, secrets, files, place } = draft;
  const targetOf = ({ target, jump }: Draft, trail: readonly string[]): Target => {
    if (jump === undefined) return target;
    const { yaml, path } = jump.layer;
    const complain = (message: string): void => void issues.push(yaml.issue([...path, 'proxy_jump'], message));
    const next = drafts.get(jump.name);
    if (next === undefined)
      complain(`proxy_jump: there is no host "${jump.name}" in the inventory${didYouMean(jump.name, drafts.keys())}`);
    else if (trail.includes(jump.name))
      complain(`proxy_jump goes in a circle: ${[...trail.slice(trail.indexOf(jump.name)), jump.name].join(' → ')}`);
    else return { ...target, jump: targetOf(next, [...trail, jump.name]) };
    return target;
  };
  return { name, vars, groups, secrets, files, place, target: targetOf(draft, [name]) };
}

/** As they are written here and in Ansible's inventories, both kinds of which are read. */
const plainNames: Readonly<Record<string, string>> = {
  identityPassphrase: 'identity_passphrase',
  password: 'password',
  becomePassword: 'become_password',
};

function plainSecrets(drafts: Iterable<Draft>): readonly ConfigIssue[] {
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
