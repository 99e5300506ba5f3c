import { ConfigError, type ConfigIssue } from '../../errors.ts';
import { isObject, type Json } from '../../values/json.ts';
import { byHand } from '../../values/shell.ts';
import { unique } from '../../values/unique.ts';
import { asJson } from '../yaml/as-json.ts';
import { type AnsibleEntries, type Beside, entriesOf } from './ansible-entries.ts';
import { readHosts } from './ansible/hosts.ts';
import { type AnsibleSources, type InventoryWishes, readSources } from './ansible/sources.ts';
import { draftHost, type HostContext, type HostDraft } from './inventory-host.ts';
import { circlesOf, jumpsOf, filesOfJumps } from './inventory-jumps.ts';
import { resolvePath } from './inventory-paths.ts';
import { type Inputs, type InventoryOverrides, layering } from './inventory-layers.ts';
import { inventorySchema, type InventoryInput } from './inventory-schema.ts';
import { namesBefore } from './troubles.ts';
import { readStructure, type Structure } from './inventory-structure.ts';
import { Suggestions } from '../model/closest.ts';
import { expandRanges, hasRange } from '../model/ranges.ts';
import type { ConfigIo } from '../model/io.ts';
import { readYamlFile, type Read } from './read-file.ts';
import { mistakesIn } from '../yaml/schema-issues.ts';
import { mistakenSecrets } from '../expressions/secret-vars.ts';
import { inOrder } from '../yaml/source.ts';
import type { Host, Inventory, NamedSource } from '../model/types.ts';
import { nothingKnown, routeTo } from '../ssh/route.ts';
import type { Laptop } from '../ssh/target-of-way.ts';
import { readLaptop } from '../ssh/through-ssh.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** Reads and merges the files. Throws a ConfigError with every issue of all of them. */
export async function loadInventory(
  files: readonly string[],
  io: ConfigIo,
  overrides: InventoryOverrides = {},
  wishes: InventoryWishes = {},
): Promise<Inventory> {
  const { value, issues } = await readInventory(files, io, overrides, wishes);
  if (value === undefined) throw new ConfigError(issues);
  return value;
}

export async function readInventory(
  files: readonly string[],
  io: ConfigIo,
  overrides: InventoryOverrides = {},
  wishes: InventoryWishes = {},
): Promise<Read<Inventory>> {
  const sources = await readSources(files, io, wishes);
  const parsed = await Promise.all(sources.ours.map((file) => readYamlFile(file, io)));
  const yamls = parsed.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const ansible = await entriesIn(sources.ansible, io, wishes);
  const structure = readStructure(yamls, ansible);
  const judged = yamls.map((yaml) => ({ yaml, ...judge(yaml) }));
  const issues = [
    ...sources.issues,
    ...parsed.flatMap((file) => file.issues),
    ...judged.flatMap((file) => file.issues),
    ...structure.issues,
  ];
  if (issues.length > 0) return { issues: inOrder(issues) };
  const inputs = new Map(judged.flatMap(({ yaml, value }) => (value === undefined ? [] : [[yaml, value] as const])));
  const context = { io, overrides, addresses: expandedOnce() };
  const read = { structure: structure.structure, inputs, files: sources.files, besides: ansible.besides };
  const built = build(read, context, await readLaptop(io));
  return built.value === undefined
    ? built
    : {
        ...built,
        value: { ...built.value, warnings: [...sources.warnings, ...(await withModes(built.value.warnings, io))] },
      };
}

async function entriesIn(
  ansible: AnsibleSources | undefined,
  io: ConfigIo,
  { playbookDirectory }: InventoryWishes,
): Promise<AnsibleEntries> {
  return ansible === undefined
    ? { hosts: [], groups: [], besides: new Map() }
    : entriesOf(ansible.graph, await readHosts(ansible, io, playbookDirectory));
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
function judge(yaml: YamlFile): Read<InventoryInput> {
  if (isObject(yaml.value) && Array.isArray(yaml.value['hosts'])) {
    const message =
      "hosts: expected a mapping of hosts by name, not a list: this is no inventory of plimsoll's, and Ansible finds no host in it either";
    return { issues: [yaml.issue(['hosts'], message, 'key')] };
  }
  const expressions = expressionsIn(yaml.value);
  const parsed = inventorySchema.safeParse(yaml.value);
  const mistakes = parsed.success ? [] : mistakesIn(inventorySchema, yaml.value, expressions);
  const issues = [
    ...mistakes.map(({ path, at, message }) => yaml.issue(path, message, at)),
    ...expressions.map((path) => yaml.issue(path, 'expressions are read in playbooks only, not in an inventory')),
    ...varsIn(yaml.value).flatMap(({ path, vars }) =>
      mistakenSecrets(vars).map((mistake) => yaml.issue([...path, ...mistake.path], mistake.message)),
    ),
  ];
  return { issues, ...(parsed.success ? { value: parsed.data } : {}) };
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

/** Where a text holds what a playbook would take for an expression. */
function expressionsIn(root: Json): readonly Path[] {
  const found: Path[] = [];
  const visit = (value: Json, path: (string | number)[]): void => {
    if (typeof value === 'string') {
      if (value.includes('${{')) found.push([...path]);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      path.push(Array.isArray(value) ? Number(key) : key);
      visit(inner, path);
      path.pop();
    }
  };
  visit(root, []);
  return found;
}

/** What the files say, each by itself. */
interface ReadFiles {
  readonly structure: Structure;
  readonly inputs: Inputs;
  readonly files: readonly string[];
  readonly besides: ReadonlyMap<string, Beside>;
}

function build(
  { structure, inputs, files, besides }: ReadFiles,
  context: HostContext,
  laptop: Laptop,
): Read<Inventory> {
  const issues: ConfigIssue[] = [];
  const groups = memberships(structure);
  const layersOf = layering(structure, inputs, groups, context.io);
  const drafts = new Map(
    [...structure.hosts.values()].map((entry) => [entry.name, draftHost(entry, layersOf(entry), context, issues)]),
  );
  const suggestions = new Suggestions(() => drafts.keys());
  const jumps = new Map(
    [...drafts].map(([name, draft]) => [name, besides.get(name)?.jumps ?? jumpsOf(draft, drafts, suggestions, issues)]),
  );
  issues.push(...circlesOf(jumps, drafts));
  if (issues.length > 0) return { issues: inOrder(distinct(issues)) };
  const ways = new Map(
    [...drafts.values()].map(({ name, way }) => [name, { ...way, jumps: jumps.get(name) }] as const),
  );
  const finder = { ways, known: nothingKnown, laptop };
  const hosts = new Map(
    [...drafts.values()].map((draft): [string, Host] => {
      const { name, vars, groups, secrets, place, way: own } = draft;
      const way = ways.get(name) ?? own;
      const files = [...draft.files, ...filesOfJumps(way, context.io)];
      const { target } = routeTo(name, way, finder);
      return [name, { name, vars, groups, secrets, files, place, way, target, ...besideOf(name, target, besides) }];
    }),
  );
  return {
    value: {
      file: files.join(', '),
      files,
      hosts,
      groups,
      ageIdentities: identityFiles(inputs, context.io),
      warnings: plainSecrets(drafts.values()),
    },
    issues: [],
  };
}

function identityFiles(inputs: Inputs, io: ConfigIo): readonly NamedSource[] {
  return [...inputs].flatMap(([yaml, { age_identities: files = [] }]) =>
    [files].flat().map((file): NamedSource => {
      const place = yaml.placeOf([identitiesKey]);
      return { key: identitiesKey, kind: 'file', name: resolvePath(file, yaml, io), place };
    }),
  );
}

const identitiesKey = 'age_identities';

/** What hinders a bastion hinders whoever is behind it. */
function besideOf(
  name: string,
  target: Host['target'],
  besides: ReadonlyMap<string, Beside>,
): Pick<Host, 'troubles' | 'withheld'> {
  const own = besides.get(name);
  const troubles = [name, ...namesBefore(target)].flatMap((stop) => besides.get(stop)?.troubles ?? []);
  return {
    ...(troubles.length === 0 ? {} : { troubles }),
    ...(own === undefined || own.withheld.size === 0 ? {} : { withheld: own.withheld }),
  };
}

/** The hosts of each group, children included, in the order of the inventory. */
function memberships({ hosts, groups }: Structure): ReadonlyMap<string, readonly string[]> {
  const positions = new Map([...hosts.keys()].map((host, position) => [host, position]));
  const names = [...hosts.keys()];
  const membersOf = (name: string): readonly string[] => {
    const found = new Set<number>();
    const seen = new Set<string>();
    const visit = (group: string): void => {
      if (seen.has(group)) return;
      seen.add(group);
      const entry = groups.get(group);
      for (const host of entry?.hosts ?? []) found.add(positions.get(host) ?? 0);
      entry?.children.forEach(visit);
    };
    visit(name);
    return [...Uint32Array.from(found).sort()].map((position) => names[position] ?? '');
  };
  return new Map([...groups.keys()].map((name) => [name, membersOf(name)]));
}

function expandedOnce(): HostContext['addresses'] {
  const known = new Map<string, readonly string[]>();
  return (range) => {
    if (!hasRange(range)) return [range];
    const addresses = known.get(range) ?? expandRanges(range);
    known.set(range, addresses);
    return addresses;
  };
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
      message: `${plainNames[key] ?? key} is a secret in plain text: better { env: NAME }, { file: PATH }, { command: [...] }, or encrypted (plimsoll secret encrypt)`,
    })),
  );
}

/** A mistake in a group is met once for each of its hosts. */
function distinct(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  return unique(issues, ({ file, line, column, message }) => `${file}:${String(line)}:${String(column)}:${message}`);
}
