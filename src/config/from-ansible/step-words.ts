import { isObject, type Json, type JsonObject } from '../../values/json.ts';
import { fromJinja } from './jinja.ts';
import { none, textOf, truthOf, type Words } from './word.ts';

const oneHost = 'a step is done on the host itself; what another host does is a play of its own';
const ofTheInventory = 'how root is come to stands in the inventory; a step says become: true or false';

function loop(value: Json): JsonObject | undefined {
  if (Array.isArray(value)) return { loop: value };
  return typeof value === 'string' && value.includes('${{') ? { loop: value } : undefined;
}

const flat = (value: Json): JsonObject | undefined =>
  Array.isArray(value)
    ? { loop: value.flatMap((item: Json) => (Array.isArray(item) ? (item as Json[]) : [item])) }
    : loop(value);

function ofMapping(value: Json): JsonObject | undefined {
  if (isObject(value)) return { loop: Object.entries(value).map(([key, inner]) => ({ key, value: inner })) };
  const [, mapping] = typeof value === 'string' ? (/^\$\{\{ ([\w.]+) \}\}$/.exec(value) ?? []) : [];
  return mapping === undefined ? undefined : { loop: `\${{ ${mapping}.map(k, {"key": k, "value": ${mapping}[k]}) }}` };
}

function sequence(value: Json): JsonObject | undefined {
  const text = typeof value === 'string' ? value : '';
  const given = (key: string): number | undefined => {
    const [, number] = new RegExp(`\\b${key}=(\\d{1,4})\\b`).exec(text) ?? [];
    return number === undefined ? undefined : Number(number);
  };
  const first = given('start') ?? 1;
  const count = given('count');
  const last = given('end') ?? (count === undefined ? undefined : first + count - 1);
  if (last === undefined || last < first || last - first > 20 || /stride|format/.test(text)) return undefined;
  return { loop: Array.from({ length: last - first + 1 }, (_, index) => first + index) };
}

function seconds(value: Json): JsonObject | undefined {
  return typeof value === 'number' && value >= 1 && value <= 604_800 ? { timeout: `${String(value)}s` } : undefined;
}

/** Keywords that a task has there, and a block. What is the same here (name, when, register, loop, retries, until, tags, …) is none of them. */
export const stepWords: Words = {
  with_items: { example: ['a', 'b'], say: 'plimsoll says loop', write: flat },
  with_list: { example: ['a', 'b'], say: 'plimsoll says loop', write: loop },
  with_flattened: { example: ['a', ['b']], say: 'plimsoll says loop', write: flat },
  with_dict: { example: { a: 1 }, say: 'plimsoll says loop, over a list of {key, value}', write: ofMapping },
  with_sequence: { example: 'start=1 end=3', say: 'plimsoll says loop', write: sequence },
  with_fileglob: { example: 'files/*', say: none('loop goes over a list that is written out'), write: loop },
  with_nested: { example: [['a'], ['b']], say: none('loop goes over one list: write the pairs out') },
  with_together: { example: [['a'], ['b']], say: none('loop goes over one list: write the pairs out') },
  with_subelements: { example: ['a', 'b'], say: none('loop goes over one list: write the pairs out') },
  with_first_found: { example: ['a'], say: none('name the file') },
  with_lines: { example: 'ls', say: none('register a command with read_only: true, and loop over its lines') },
  loop_control: { example: { loop_var: 'one' }, say: 'in a loop the value is always item' },
  ignore_errors: {
    example: true,
    say: 'plimsoll says on_error',
    write: (value) => {
      const truth = truthOf(value);
      return truth === undefined ? undefined : truth ? { on_error: 'continue' } : {};
    },
  },
  failed_when: {
    example: false,
    say: 'a command or script lists the statuses that are no failure (success: [0, 1]); what else must hold is an assert behind it',
    write: (value) => (truthOf(value) === false ? { on_error: 'continue' } : undefined),
  },
  changed_when: {
    example: false,
    say: 'a command or script that changes nothing says read_only; one that makes something says creates',
    write: (value) => (truthOf(value) === false ? { read_only: true } : truthOf(value) === true ? {} : undefined),
  },
  notify: {
    example: 'restart docker',
    say: none('an operation restarts by itself what it must; what else is to follow is the next step'),
  },
  listen: {
    example: 'restart docker',
    say: none('an operation restarts by itself what it must; what else is to follow is the next step'),
  },
  delegate_to: { example: 'web-1', say: oneHost, write: (value) => hosts(value) },
  delegate_facts: { example: true, say: oneHost },
  run_once: { example: true, say: `${oneHost}, with one host in hosts`, write: () => ({ hosts: 'web[0]' }) },
  async: {
    example: 3600,
    say: 'whatever takes long goes on on the host by itself, and is followed over new connections; its limit is timeout',
    write: seconds,
  },
  poll: {
    example: 10,
    say: 'whatever takes long goes on on the host by itself, and is followed over new connections',
    write: () => ({}),
  },
  become_user: {
    example: 'root',
    say: 'a step says become: true or false; as another user than root a program is run by runuser (command: [runuser, -u, postgres, --, psql])',
    write: (value) => (value === 'root' ? { become: true } : undefined),
  },
  become_method: { example: 'sudo', say: ofTheInventory },
  become_flags: { example: '-H', say: ofTheInventory },
  become_exe: { example: '/usr/bin/sudo', say: ofTheInventory },
  remote_user: { example: 'deploy', say: 'how a host is reached stands in the inventory (user: deploy)' },
  connection: { example: 'local', say: `how a host is reached stands in the inventory; ${oneHost}` },
  port: { example: 2222, say: 'how a host is reached stands in the inventory (port: 2222)' },
  environment: {
    example: { LANG: 'C' },
    say: 'a command or script has env (command: { argv: [locale], env: { LANG: C } })',
  },
  args: { example: { chdir: '/srv' }, say: 'the keys stand in the operation (command: { argv: [ls], chdir: /srv })' },
  vars: { example: { a: 1 }, say: 'variables are of the play (vars: beside hosts), or of the inventory' },
  no_log: {
    example: true,
    say: 'secret variables are never shown; what is secret is one of these (vars: { token: { secret: { env: TOKEN } } })',
    write: () => ({}),
  },
  check_mode: {
    example: false,
    say: 'a command or script that changes nothing, and runs in the preview too, says read_only',
    write: (value) => (truthOf(value) === false ? { read_only: true } : truthOf(value) === true ? {} : undefined),
  },
  diff: { example: true, say: 'the plan shows what changes', write: () => ({}) },
  throttle: {
    example: 2,
    say: 'plimsoll says max_unavailable',
    write: (value) =>
      typeof value === 'number' && Number.isInteger(value) && value > 0 ? { max_unavailable: value } : undefined,
  },
  any_errors_fatal: { example: true, say: 'that is for a play: put it beside hosts' },
  ignore_unreachable: {
    example: true,
    say: 'a host that cannot be reached fails, and the others go on; how many may fail is max_failures of the play',
  },
  module_defaults: { example: {}, say: none('write the keys at each step') },
  collections: {
    example: ['community.docker'],
    say: 'plimsoll has operations of its own, and no modules',
    write: () => ({}),
  },
  debugger: {
    example: 'on_failed',
    say: none('plimsoll plan shows all before, plimsoll resume goes on after a failure'),
  },
};

function hosts(value: Json): JsonObject | undefined {
  const name = textOf(value);
  return name === undefined || /[{\s]/.test(name) || name === 'localhost' ? undefined : { hosts: name };
}

/** A condition of Ansible's as a list: all of them must hold. */
export function joined(list: Json, known: ReadonlySet<string>): string | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const parts = list.map((item: Json) =>
    typeof item === 'string' || typeof item === 'boolean' ? fromJinja(String(item), known).cel : undefined,
  );
  return parts.some((part) => part === undefined)
    ? undefined
    : parts.map((part = '') => (parts.length > 1 && /\|\||\?/.test(part) ? `(${part})` : part)).join(' && ');
}
