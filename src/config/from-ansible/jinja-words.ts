/** What Ansible's expressions say, and what CEL says for it; the one source of messages and of the table in docs/from-ansible.md. */

/** A variable that Ansible gives by itself. `cel` is what stands for it here, where there is something. */
export interface MagicName {
  readonly cel?: string;
  /** In words: what is done instead, or what is different. */
  readonly say?: string;
}

const noFact =
  'that is not among the facts of plimsoll (facts.docker, facts.host): let a command with read_only: true print it, and register that';
const aHostAlone = 'a step sees its own host only (host, vars)';

export const magicNames: Readonly<Record<string, MagicName>> = {
  inventory_hostname: { cel: 'host.name' },
  inventory_hostname_short: { cel: 'host.name.split(".")[0]' },
  ansible_host: { cel: 'host.address' },
  ansible_ssh_host: { cel: 'host.address' },
  ansible_port: { cel: 'host.port' },
  ansible_ssh_port: { cel: 'host.port' },
  ansible_user: { cel: 'host.user' },
  ansible_ssh_user: { cel: 'host.user' },
  group_names: { cel: 'host.groups' },
  ansible_kernel: { cel: 'facts.host.kernel' },
  hostvars: { say: aHostAlone },
  groups: { say: `${aHostAlone}; which groups it is in, host.groups says` },
  ansible_play_hosts: { say: aHostAlone },
  ansible_play_batch: { say: aHostAlone },
  play_hosts: { say: aHostAlone },
  ansible_check_mode: { say: 'the preview is made of the plan, and no step can tell it from a run' },
  ansible_os_family: {
    say: 'facts.host.os is a text such as "Debian GNU/Linux 12 (bookworm)", to be asked with facts.host.os.startsWith("Debian")',
  },
  ansible_distribution: {
    say: 'facts.host.os is a text such as "Debian GNU/Linux 12 (bookworm)", to be asked with facts.host.os.startsWith("Debian")',
  },
  ansible_facts: { say: noFact },
  ansible_env: { say: noFact },
  ansible_date_time: { say: noFact },
  omit: { say: 'a key that is not wanted is left out; with a value or without are two steps, each with its when' },
  lookup: {
    say: 'nothing is looked up on this machine from an expression: give the value with -e, or as a secret variable ({ secret: { env: NAME } })',
  },
  query: {
    say: 'nothing is looked up on this machine from an expression: give the value with -e, or as a secret variable ({ secret: { env: NAME } })',
  },
  now: { say: noFact },
  playbook_dir: { say: 'files of this machine are found relative to the playbook' },
  role_path: { say: 'files of this machine are found relative to the playbook' },
};

/** Of any other variable that begins with `ansible_`. */
export const otherMagic: MagicName = { say: noFact };

/** What is asked of a register there. */
export const registerKeys: Readonly<Record<string, MagicName>> = {
  rc: { cel: 'status' },
  stdout_lines: { cel: 'lines' },
  changed: { say: 'no register says whether its step has changed something: ask for what it was about' },
  failed: {
    say: 'a step that fails ends the host: list the statuses that are no failure (success: [0, 1]), and ask for .status',
  },
  skipped: { say: 'ask again what its when has asked' },
  stat: {
    say: 'let a command with read_only: true and success: [0, 1] ask (test -e PATH), and ask for .status == 0',
  },
  results: { say: 'a step with a loop registers a list, its items in their order: result[0].stdout' },
};

/** Tests, behind `is`: what becomes of what stands before it. */
export const tests: Readonly<Record<string, ((subject: string) => string) | string>> = {
  none: (subject) => `${subject} == null`,
  failed: (subject) => `${subject}.status != 0`,
  failure: (subject) => `${subject}.status != 0`,
  success: (subject) => `${subject}.status == 0`,
  succeeded: (subject) => `${subject}.status == 0`,
  successful: (subject) => `${subject}.status == 0`,
  string: (subject) => `type(${subject}) == string`,
  boolean: (subject) => `type(${subject}) == bool`,
  true: (subject) => `${subject} == true`,
  false: (subject) => `${subject} == false`,
  changed: registerKeys['changed']?.say ?? '',
  skipped: registerKeys['skipped']?.say ?? '',
  match: 'there are no regular expressions: use startsWith(), endsWith(), contains() or ==',
  search: 'there are no regular expressions: use startsWith(), endsWith(), contains() or ==',
  regex: 'there are no regular expressions: use startsWith(), endsWith(), contains() or ==',
  version: 'versions are not compared: use startsWith()',
};

/** Filters, behind `|`; `default` is none of these, because it asks whether there is something. */
export const filters: Readonly<Record<string, (subject: string, args: readonly string[]) => string | undefined>> = {
  bool: (subject) => `bool(${subject})`,
  int: (subject) => `int(${subject})`,
  float: (subject) => `double(${subject})`,
  string: (subject) => `string(${subject})`,
  length: (subject) => `size(${subject})`,
  count: (subject) => `size(${subject})`,
  lower: (subject) => `${subject}.lowerAscii()`,
  upper: (subject) => `${subject}.upperAscii()`,
  trim: (subject) => `${subject}.trim()`,
  first: (subject) => `${subject}[0]`,
  last: (subject) => `${subject}[size(${subject}) - 1]`,
  split: (subject, [by]) => (by === undefined ? undefined : `${subject}.split(${by})`),
  join: (subject, [by = '""']) => `${subject}.join(${by})`,
};

/** Methods that Python's texts have. */
export const methods: Readonly<Record<string, string>> = {
  startswith: 'startsWith',
  endswith: 'endsWith',
  lower: 'lowerAscii',
  upper: 'upperAscii',
  strip: 'trim',
};
