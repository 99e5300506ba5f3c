import type { Json, JsonObject } from '../../values/json.ts';
import { none, type Words } from './word.ts';

const leftOut = (): JsonObject => ({});
const sshOfTheInventory = 'how a host is reached stands in the inventory';

function share(value: Json): JsonObject | undefined {
  const number = typeof value === 'string' ? Number(value.replace(/%$/, '')) : value;
  return typeof number === 'number' && number >= 0 && number <= 100
    ? { max_failures: `${String(number)}%` }
    : undefined;
}

/** `5`, `"5"`, `"30%"`; none stands for all at once. */
function batchOf(value: Json): Json | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value > 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const [, digits = '', percent = ''] = /^(\d{1,9})(%?)$/.exec(value) ?? [];
  if (Number(digits) < 1 || (percent === '%' && Number(digits) > 100)) return undefined;
  return percent === '%' ? `${String(Number(digits))}%` : Number(digits);
}

function batch(value: Json): JsonObject | undefined {
  if (!Array.isArray(value)) {
    const one = batchOf(value);
    return Number(value) === 0 ? {} : one === undefined ? undefined : { batch: one };
  }
  const list = value.map(batchOf);
  return list.length > 0 && list.every((one) => one !== undefined) ? { batch: list } : undefined;
}

const prompted = (): JsonObject => ({ vars: { answer: { secret: { env: 'ANSWER' } } } });

/** Keywords that a play has there. What is the same here (name, hosts, vars, tags, any_errors_fatal) is none of them. */
export const playWords: Words = {
  tasks: { example: [], say: 'plimsoll says steps', write: () => ({ steps: null }) },
  pre_tasks: { example: [], say: 'they are the first of the steps', write: () => ({ steps: null }) },
  post_tasks: { example: [], say: 'they are the last of the steps', write: () => ({ steps: null }) },
  handlers: {
    example: [],
    say: none(
      'an operation restarts by itself what it must; what else is to follow a step is a step behind it, under steps',
    ),
  },
  roles: { example: ['docker'], say: none("write the role's tasks out as steps") },
  serial: { example: '30%', say: 'plimsoll says batch', write: batch },
  max_fail_percentage: {
    example: 10,
    say: "plimsoll says max_failures, and counts of the play's hosts, not of the batch",
    write: share,
  },
  gather_facts: { example: false, say: 'facts are read when a step needs them', write: leftOut },
  gather_subset: { example: ['min'], say: 'facts are read when a step needs them', write: leftOut },
  gather_timeout: { example: 10, say: 'facts are read when a step needs them', write: leftOut },
  fact_path: { example: '/etc/facts', say: 'facts are read when a step needs them', write: leftOut },
  remote_user: { example: 'deploy', say: `${sshOfTheInventory} (user: deploy)` },
  connection: {
    example: 'ssh',
    say: `${sshOfTheInventory}, and plimsoll does nothing on this machine in place of a host`,
  },
  port: { example: 2222, say: `${sshOfTheInventory} (port: 2222)` },
  become_user: {
    example: 'root',
    say: 'a play says become: true or false; another user than root stands in the inventory (become_user: postgres)',
    write: (value) => (value === 'root' ? { become: true } : undefined),
  },
  become_method: { example: 'sudo', say: 'a play says become: true or false; how, the inventory says' },
  become_flags: { example: '-H', say: 'a play says become: true or false; how, the inventory says' },
  become_exe: { example: '/usr/bin/sudo', say: 'a play says become: true or false; how, the inventory says' },
  vars_files: {
    example: ['vars.yml'],
    say: none('give the file on the command line, -e @vars.yml, or its variables under vars'),
  },
  vars_prompt: {
    example: [{ name: 'answer' }],
    say: none('give the answer on the command line (-e answer=…); a password as a secret variable'),
    write: prompted,
  },
  strategy: {
    example: 'free',
    say: 'each host goes through the steps by itself; batch says how many at once',
    write: leftOut,
  },
  order: { example: 'sorted', say: 'hosts are taken in the order of the inventory', write: leftOut },
  environment: {
    example: { LANG: 'C' },
    say: 'a command or script has env, and nothing else has',
  },
  collections: {
    example: ['community.docker'],
    say: 'plimsoll has operations of its own, and no modules',
    write: leftOut,
  },
  module_defaults: { example: {}, say: none('write the keys at each step') },
  no_log: {
    example: true,
    say: 'secret variables are never shown; what is secret is one of these (vars: { token: { secret: { env: TOKEN } } })',
    write: leftOut,
  },
  check_mode: { example: true, say: 'plimsoll plan is the preview, of the same playbook', write: leftOut },
  diff: { example: true, say: 'the plan shows what changes', write: leftOut },
  debugger: {
    example: 'on_failed',
    say: none('plimsoll plan shows all before, plimsoll resume goes on after a failure'),
  },
  force_handlers: { example: true, say: none('what is done in any case is the always of a block') },
  throttle: { example: 2, say: 'for all steps that is batch; for one step max_unavailable', write: batch },
  run_once: { example: true, say: 'a play for one host names it in hosts', write: () => ({ hosts: 'web[0]' }) },
  ignore_errors: { example: true, say: 'that is for a single step: on_error: continue on it' },
  ignore_unreachable: {
    example: true,
    say: 'a host that cannot be reached fails, and the others go on; how many may fail is max_failures',
    write: () => ({ max_failures: '100%' }),
  },
  retries: { example: 3, say: 'that is for a single step: put it there' },
  until: { example: 'x', say: 'that is for a single step: put it there' },
  timeout: { example: 30, say: 'that is for a single step: put it there' },
  when: { example: 'x', say: 'that is for a step or a block: put it there' },
  import_playbook: {
    example: 'other.yml',
    say: none('a playbook is one file: put its plays into this one, or apply one after the other'),
  },
  include: {
    example: 'other.yml',
    say: none('a playbook is one file: put its plays into this one, or apply one after the other'),
  },
};

/** Where a play has its steps there. */
export const tasksOf = ['pre_tasks', 'tasks', 'post_tasks', 'handlers'] as const;
