import { dirname, isAbsolute, join } from 'node:path';
import type { ConfigIssue } from '../../../errors.ts';
import { expandHome, type ConfigIo } from '../../model/io.ts';
import { makeSource, type Source } from '../../yaml/source.ts';
import type { Spot, Variables } from './graph.ts';
import { readText } from './text.ts';

/** What Ansible's own configuration says of all hosts, weaker than any variable. */
export interface AnsibleConfig {
  /** Under the names of the variables that say the same. */
  readonly vars: Variables;
  /** Its inventories, where no other is given. */
  readonly inventory: readonly string[];
  readonly issues: readonly ConfigIssue[];
  readonly warnings: readonly ConfigIssue[];
}

interface Setting {
  readonly section: string;
  readonly key: string;
  readonly env: string;
  readonly variable: string;
  readonly isPath?: true;
}

const settings: readonly Setting[] = [
  { section: 'defaults', key: 'remote_user', env: 'ANSIBLE_REMOTE_USER', variable: 'ansible_user' },
  { section: 'defaults', key: 'remote_port', env: 'ANSIBLE_REMOTE_PORT', variable: 'ansible_port' },
  {
    section: 'defaults',
    key: 'private_key_file',
    env: 'ANSIBLE_PRIVATE_KEY_FILE',
    variable: 'ansible_private_key_file',
    isPath: true,
  },
  { section: 'defaults', key: 'transport', env: 'ANSIBLE_TRANSPORT', variable: 'ansible_connection' },
  { section: 'privilege_escalation', key: 'become', env: 'ANSIBLE_BECOME', variable: 'ansible_become' },
  {
    section: 'privilege_escalation',
    key: 'become_method',
    env: 'ANSIBLE_BECOME_METHOD',
    variable: 'ansible_become_method',
  },
  { section: 'privilege_escalation', key: 'become_user', env: 'ANSIBLE_BECOME_USER', variable: 'ansible_become_user' },
  { section: 'privilege_escalation', key: 'become_exe', env: 'ANSIBLE_BECOME_EXE', variable: 'ansible_become_exe' },
  {
    section: 'privilege_escalation',
    key: 'become_flags',
    env: 'ANSIBLE_BECOME_FLAGS',
    variable: 'ansible_become_flags',
  },
  { section: 'ssh_connection', key: 'ssh_args', env: 'ANSIBLE_SSH_ARGS', variable: 'ansible_ssh_args' },
  {
    section: 'ssh_connection',
    key: 'ssh_common_args',
    env: 'ANSIBLE_SSH_COMMON_ARGS',
    variable: 'ansible_ssh_common_args',
  },
  {
    section: 'ssh_connection',
    key: 'ssh_extra_args',
    env: 'ANSIBLE_SSH_EXTRA_ARGS',
    variable: 'ansible_ssh_extra_args',
  },
  {
    section: 'ssh_connection',
    key: 'ssh_executable',
    env: 'ANSIBLE_SSH_EXECUTABLE',
    variable: 'ansible_ssh_executable',
  },
];

type Reader = Pick<ConfigIo, 'readFile' | 'fileMode' | 'env' | 'homeDir'>;

/** The first that is there: `$ANSIBLE_CONFIG`, ./ansible.cfg, ~/.ansible.cfg, /etc/ansible/ansible.cfg; over it the environment. */
export async function readAnsibleConfig(io: Reader): Promise<AnsibleConfig> {
  const issues: ConfigIssue[] = [];
  const warnings: ConfigIssue[] = [];
  const file = await configFile(io, issues, warnings);
  const values = file === undefined ? new Map<string, { value: string; spot: Spot }>() : valuesIn(file);
  const vars: Variables = new Map();
  const beside = (path: string, directory: string): string => {
    const whole = expandHome(path, io);
    return isAbsolute(whole) ? whole : join(directory, whole);
  };
  const directory = file === undefined ? '.' : dirname(file.file);
  const found = (
    section: string,
    key: string,
    env: string,
  ): { value: string; spot: Spot; directory: string } | undefined => {
    const set = io.env[env];
    if (set !== undefined && set !== '') return { value: set, spot: spotOfEnv(env), directory: '.' };
    const written = values.get(`${section}.${key}`);
    return written === undefined || written.value === '' ? undefined : { ...written, directory };
  };
  for (const { section, key, env, variable, isPath } of settings) {
    const one = found(section, key, env);
    if (one !== undefined)
      vars.set(variable, {
        value: isPath === true ? beside(one.value, one.directory) : one.value,
        spot: one.spot,
      });
  }
  const merging = found('defaults', 'hash_behaviour', 'ANSIBLE_HASH_BEHAVIOUR');
  if (merging !== undefined && merging.value.toLowerCase() !== 'replace')
    warnings.push({
      file: merging.spot.source.file,
      message: `hash_behaviour = ${merging.value} is not followed: a variable of a group that is a mapping is replaced by a stronger one, not merged with it`,
    });
  const sources = found('defaults', 'inventory', 'ANSIBLE_INVENTORY');
  const inventory = sources?.value.split(',').flatMap((one) => {
    const path = one.trim();
    return path === '' ? [] : [beside(path, sources.directory)];
  });
  return { vars, inventory: inventory ?? [], issues, warnings };
}

async function configFile(io: Reader, issues: ConfigIssue[], warnings: ConfigIssue[]): Promise<Source | undefined> {
  const named = io.env['ANSIBLE_CONFIG'];
  const places = [
    ...(named === undefined || named === '' ? [] : [join(expandHome(named, io))]),
    'ansible.cfg',
    join(io.homeDir, '.ansible.cfg'),
    '/etc/ansible/ansible.cfg',
  ];
  for (const place of places) {
    const bytes = await io.readFile(place).catch(() => undefined);
    if (bytes === undefined) continue;
    const mode = place === 'ansible.cfg' ? await io.fileMode('.') : undefined;
    if (mode !== undefined && (mode & 0o002) !== 0) {
      warnings.push({
        file: place,
        message: 'it is not read, because anybody may write in this directory (Ansible passes it over, too)',
      });
      continue;
    }
    const read = readText(place, bytes);
    if ('source' in read) return read.source;
    issues.push(read.issue);
    return undefined;
  }
  return undefined;
}

function spotOfEnv(name: string): Spot {
  return { source: makeSource(`$${name}`, ''), span: { start: 0, end: 1 } };
}

/** `[section]` and `key = value`, as Python's configparser reads them, comments behind `;` too. */
function valuesIn(source: Source): ReadonlyMap<string, { readonly value: string; readonly spot: Spot }> {
  const values = new Map<string, { value: string; spot: Spot }>();
  let section = '';
  let last: string | undefined;
  for (const [index, start] of source.lineStarts.entries()) {
    const whole = source.text.slice(start, source.lineStarts[index + 1]).trimEnd();
    const line = whole.replace(/(?:^|\s);.*$/, '').trim();
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    const [, key, value] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    const known = last === undefined ? undefined : values.get(last);
    if (/^\s/.test(whole) && known !== undefined && last !== undefined)
      values.set(last, { ...known, value: `${known.value}\n${line}`.trim() });
    else if (header?.[1] !== undefined) {
      section = header[1];
      last = undefined;
    } else if (key !== undefined && value !== undefined) {
      last = `${section}.${key.toLowerCase()}`;
      const from = start + whole.indexOf(key);
      values.set(last, { value, spot: { source, span: { start: from, end: from + line.length } } });
    }
  }
  return values;
}
