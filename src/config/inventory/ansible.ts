import type { ConfigIssue } from '../../errors.ts';
import { isObject, type Json, type JsonObject } from '../../values/json.ts';
import { asJson } from '../yaml/as-json.ts';
import { readIni, type AnsibleLine } from './ansible-ini.ts';
import { expandRanges, RangeMistake } from '../model/ranges.ts';
import { issueAt, placeAt, type Source, type Span } from '../yaml/source.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** Ansible's connection variables and what plimsoll calls them. */
const settingOf: Readonly<Record<string, string>> = {
  ansible_host: 'address',
  ansible_ssh_host: 'address',
  ansible_port: 'port',
  ansible_ssh_port: 'port',
  ansible_user: 'user',
  ansible_ssh_user: 'user',
  ansible_ssh_private_key_file: 'identity_file',
  ansible_private_key_file: 'identity_file',
  ansible_password: 'password',
  ansible_ssh_pass: 'password',
  ansible_become: 'become',
  ansible_become_user: 'become_user',
  ansible_become_password: 'become_password',
  ansible_become_pass: 'become_password',
};

/** What would change the way to a host, and is not read: said instead of ignored. */
const unread = new Set([
  'ansible_ssh_common_args',
  'ansible_ssh_extra_args',
  'ansible_connection',
  'ansible_become_method',
]);
const harmless: Readonly<Record<string, readonly Json[]>> = {
  ansible_connection: ['ssh', 'smart', 'paramiko'],
  ansible_become_method: ['sudo'],
};

interface Draft {
  readonly hosts: Map<string, Record<string, Json>>;
  readonly groups: Map<
    string,
    { readonly settings: Record<string, Json>; readonly hosts: Set<string>; readonly children: Set<string> }
  >;
  readonly defaults: Record<string, Json>;
  readonly places: Map<string, () => Span>;
  readonly issues: ConfigIssue[];
}

/** An inventory in INI format as the same value that our own YAML gives, with its places. */
export function fromAnsibleIni(source: Source): { readonly yaml: YamlFile; readonly issues: readonly ConfigIssue[] } {
  const { lines, sections, issues } = readIni(source);
  const draft = emptyDraft(issues);
  for (const { group, span } of sections) groupOf(draft, group, () => span);
  for (const line of lines) addLine(draft, line, source);
  return finish(draft, source);
}

function addLine(draft: Draft, { kind, group, name, vars, span }: AnsibleLine, source: Source): void {
  const complain = (message: string): void => void draft.issues.push(issueAt(source, span, message));
  if (kind === 'child') {
    groupOf(draft, group, () => span)?.children.add(name);
    groupOf(draft, name, () => span);
  } else if (kind === 'vars')
    assign(
      settingsOf(draft, group, () => span),
      vars,
      complain,
    );
  else addHosts(draft, group, name, vars, () => span, complain);
}

/** Whether a parsed YAML file is Ansible's: groups at the top, each with hosts, children or vars. */
export function isAnsibleYaml(value: Json): boolean {
  if (
    !isObject(value) ||
    Object.keys(value).length === 0 ||
    Object.hasOwn(value, 'hosts') ||
    Object.hasOwn(value, 'groups') ||
    Object.hasOwn(value, 'defaults')
  )
    return false;
  return (
    Object.values(value).every(
      (group) =>
        group === null ||
        (isObject(group) && Object.keys(group).every((key) => ['hosts', 'children', 'vars'].includes(key))),
    ) &&
    (Object.hasOwn(value, 'all') || Object.values(value).some((group) => isObject(group) && isObject(group['hosts'])))
  );
}

export function fromAnsibleYaml(yaml: YamlFile): { readonly yaml: YamlFile; readonly issues: readonly ConfigIssue[] } {
  const draft = emptyDraft([]);
  const visit = (name: string, raw: unknown, path: Path): void => {
    const at = (inner: Path) => () => yaml.keySpan([...path, ...inner]);
    const complainAt = (inner: Path) => (message: string) =>
      void draft.issues.push(yaml.issue([...path, ...inner], message, 'key'));
    const group = groupOf(draft, name, at([]));
    if (!isObject(raw)) return;
    assign(settingsOf(draft, name, at([])), mapping(raw['vars']), complainAt(['vars']));
    for (const [host, vars] of Object.entries(mapping(raw['hosts'])))
      addHosts(draft, name, host, mapping(vars), at(['hosts', host]), complainAt(['hosts', host]));
    for (const [child, inner] of Object.entries(mapping(raw['children']))) {
      group?.children.add(child);
      visit(child, inner, [...path, 'children', child]);
    }
  };
  for (const [name, raw] of Object.entries(mapping(yaml.value))) visit(name, raw, [name]);
  return finish(draft, yaml.source);
}

function emptyDraft(issues: readonly ConfigIssue[]): Draft {
  return { hosts: new Map(), groups: new Map(), defaults: {}, places: new Map(), issues: [...issues] };
}

/** `all` and `ungrouped` are no groups of ours. */
function groupOf(
  draft: Draft,
  name: string,
  span: () => Span,
):
  { readonly settings: Record<string, Json>; readonly hosts: Set<string>; readonly children: Set<string> } | undefined {
  if (name === 'all' || name === 'ungrouped') return undefined;
  const group = draft.groups.get(name) ?? { settings: {}, hosts: new Set<string>(), children: new Set<string>() };
  draft.groups.set(name, group);
  if (!draft.places.has(`groups ${name}`)) draft.places.set(`groups ${name}`, span);
  return group;
}

function settingsOf(draft: Draft, group: string, span: () => Span): Record<string, Json> {
  return groupOf(draft, group, span)?.settings ?? draft.defaults;
}

function addHosts(
  draft: Draft,
  group: string,
  pattern: string,
  vars: JsonObject,
  span: () => Span,
  complain: (message: string) => void,
): void {
  let names: readonly string[] = [];
  try {
    names = expandRanges(pattern);
  } catch (thrown) {
    if (!(thrown instanceof RangeMistake)) throw thrown;
    complain(thrown.message);
  }
  for (const name of names) {
    const settings = draft.hosts.get(name) ?? {};
    assign(settings, vars, complain);
    draft.hosts.set(name, settings);
    if (!draft.places.has(`hosts ${name}`)) draft.places.set(`hosts ${name}`, span);
    groupOf(draft, group, span)?.hosts.add(name);
  }
}

function assign(settings: Record<string, Json>, vars: JsonObject, complain: (message: string) => void): void {
  for (const [name, value] of Object.entries(vars)) {
    const setting = settingOf[name];
    if (typeof value === 'string' && /\{\{|\{%/.test(value)) complain(`${name}: Jinja expressions are not read`);
    else if (setting !== undefined)
      settings[setting] =
        setting === 'port' && typeof value === 'string' && /^\d+$/.test(value)
          ? Number(value)
          : setting === 'become' && typeof value === 'string'
            ? /^(?:yes|on|1)$/i.test(value)
            : value;
    else if (unread.has(name) && !harmless[name]?.includes(value))
      complain(`${name} is not read: use plimsoll's own inventory for what it says (proxy_jump, become)`);
    else if (!name.startsWith('ansible_')) settings['vars'] = { ...mapping(settings['vars']), [name]: value };
  }
}

function finish(
  { hosts, groups, defaults, places, issues }: Draft,
  source: Source,
): { readonly yaml: YamlFile; readonly issues: readonly ConfigIssue[] } {
  const value: Json = {
    defaults,
    hosts: Object.fromEntries(hosts),
    groups: Object.fromEntries(
      [...groups].map(([name, group]) => [
        name,
        { ...group.settings, hosts: [...group.hosts], children: [...group.children] },
      ]),
    ),
  };
  const spanOf = (path: Path): Span => places.get(path.slice(0, 2).join(' '))?.() ?? { start: 0, end: 1 };
  return {
    issues,
    yaml: {
      source,
      value,
      placeOf: (path) => placeAt(source, spanOf(path).start),
      keySpan: spanOf,
      issue: (path, message) => issueAt(source, spanOf(path), message),
      issueIn: (path, _span, message) => issueAt(source, spanOf(path), message),
      placeIn: (path) => placeAt(source, spanOf(path).start),
    },
  };
}

function mapping(value: unknown): JsonObject {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)])) : {};
}
