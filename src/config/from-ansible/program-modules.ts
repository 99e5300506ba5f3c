import type { Json, JsonObject } from '../../values/json.ts';
import { argsOf, number, only, path, text, wordsOf, type Args } from './module-args.ts';
import { none, textOf, type Words } from './word.ts';

/** A mapping in which what is undefined is left out. */
export function given(keys: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** A command of words, in its short form where nothing else is said. */
export function command(
  argv: readonly (string | undefined)[] | undefined,
  more: Readonly<Record<string, Json | undefined>> = {},
): JsonObject | undefined {
  if (argv === undefined || argv.length === 0 || argv.some((word) => word === undefined)) return undefined;
  const words = argv.map((word) => word ?? '');
  const keys = given(more);
  return { command: Object.keys(keys).length === 0 ? words : { argv: words, ...keys } };
}

function programKeys(args: Args): Readonly<Record<string, Json | undefined>> | undefined {
  if (!only(args, 'chdir', 'creates', 'stdin', 'warn', 'argv', 'executable')) return undefined;
  const { keys } = args;
  const chdir = path(args, 'chdir');
  const creates = path(args, 'creates');
  if ((keys['chdir'] !== undefined && chdir === undefined) || (keys['creates'] !== undefined && creates === undefined))
    return undefined;
  return { chdir, creates, stdin: textOf(keys['stdin']) };
}

function ofCommand(value: Json, beside: JsonObject): JsonObject | undefined {
  const args = argsOf(value, beside, true);
  const keys = programKeys(args);
  const { argv } = args.keys;
  const words = Array.isArray(argv) ? argv.map((word: Json) => textOf(word)) : wordsOf(args.free);
  return keys === undefined ? undefined : command(words, keys);
}

function ofShell(value: Json, beside: JsonObject): JsonObject | undefined {
  const args = argsOf(value, beside, true);
  const keys = programKeys(args);
  const { free } = args;
  if (keys === undefined || free.trim() === '' || keys['stdin'] !== undefined || free.startsWith('#!'))
    return undefined;
  const { chdir, creates } = keys;
  const executable = text(args, 'executable');
  if (executable !== undefined && !/^\/\S*\/(?:sh|bash|dash|ash|ksh|zsh)$/.test(executable)) return undefined;
  if (typeof chdir === 'string' && !/^[\w./-]+$/.test(chdir)) return undefined;
  const script = [
    ...(executable === undefined ? [] : [`#!${executable}`]),
    ...(typeof chdir === 'string' ? [`cd ${chdir}`] : []),
    free,
  ].join('\n');
  return { script: creates === undefined ? script : { text: script, creates } };
}

function ofPause(value: Json): JsonObject | undefined {
  const args = argsOf(value, {}, false);
  if (!only(args, 'seconds', 'minutes', 'prompt', 'echo')) return undefined;
  const minutes = number(args, 'minutes');
  const seconds = minutes === undefined ? number(args, 'seconds') : `${String(minutes)}m`;
  const length = minutes === undefined ? Number(seconds) : minutes * 60;
  if (seconds === undefined || !(length <= 86_400)) return undefined;
  return { pause: given({ seconds, message: text(args, 'prompt') }) };
}

function ofWaitFor(value: Json): JsonObject | undefined {
  const args = argsOf(value, {}, false);
  const limit = number(args, 'timeout');
  const every = number(args, 'sleep');
  const state = text(args, 'state') ?? 'started';
  const host = text(args, 'host') ?? '127.0.0.1';
  if (
    !only(args, 'port', 'path', 'timeout', 'sleep', 'state', 'host', 'delay', 'connect_timeout') ||
    !/^(?:127\.0\.0\.1|localhost|0\.0\.0\.0|::1)$/.test(host)
  )
    return undefined;
  const port = number(args, 'port');
  const file = path(args, 'path');
  if (!/^(?:started|present)$/.test(state) || (port === undefined) === (file === undefined)) return undefined;
  if ((port ?? 1) > 65_535 || (limit ?? 1) > 86_400 || (every ?? 1) > 86_400) return undefined;
  return { wait_for: given({ port, path: file, for: limit, every }) };
}

function ofFetch(value: Json): JsonObject | undefined {
  const args = argsOf(value, {}, false);
  const from = path(args, 'src');
  const to = text(args, 'dest');
  if (
    from === undefined ||
    to === undefined ||
    !only(args, 'src', 'dest', 'flat', 'fail_on_missing', 'validate_checksum')
  )
    return undefined;
  const flat = args.keys['flat'];
  if (flat === true || /^(?:yes|true)$/i.test(textOf(flat) ?? ''))
    return to.endsWith('/') ? undefined : { fetch: { from, to } };
  return from.startsWith('/')
    ? { fetch: { from, to: `${to.replace(/\/$/, '')}/\${{ host.name }}${from}` } }
    : undefined;
}

/** Expressions of an assertion: each stands in `${{ }}` here. `cel` says one in CEL. */
export function assertOf(value: Json, cel: (expression: string) => string | undefined): JsonObject | undefined {
  const args = argsOf(value, {}, false);
  if (!only(args, 'that', 'msg', 'fail_msg', 'message', 'success_msg', 'quiet')) return undefined;
  const { that } = args.keys;
  const list = Array.isArray(that) ? that : [that];
  const said = list.map((one: Json | undefined) =>
    typeof one === 'boolean' ? one : typeof one === 'string' ? wrapped(one, cel) : undefined,
  );
  const [first] = said;
  if (first === undefined || said.some((one) => one === undefined)) return undefined;
  return {
    assert: given({
      that: Array.isArray(that) ? said.map((one) => one ?? false) : first,
      message: text(args, 'fail_msg', 'msg', 'message'),
    }),
  };
}

function wrapped(expression: string, cel: (expression: string) => string | undefined): string | undefined {
  if (/^\$\{\{[^]*\}\}$/.test(expression)) return expression;
  const said = cel(expression);
  return said === undefined ? undefined : `\${{ ${said} }}`;
}

/** Modules whose names are those of operations here, which take other values. */
export const sameNames = {
  command: {
    example: 'docker ps --all',
    say: 'plimsoll takes the words as a list, because no shell reads them (script is what a shell reads)',
    write: ofCommand,
  },
  assert: {
    example: { that: 'x == 1', fail_msg: 'not one' },
    say: 'each expression stands in ${{ }}, and what is said is message',
    write: (value) => assertOf(value, () => undefined),
  },
  pause: {
    example: { minutes: 5 },
    say: 'the time is seconds, or for example 5m; nobody is asked anything while a run goes on',
    write: ofPause,
  },
  wait_for: {
    example: { port: 80, timeout: 60 },
    say: 'a port of the host itself, or a path, is waited for; how long, for says',
    write: ofWaitFor,
  },
  fetch: { example: { src: '/etc/hosts', dest: 'fetched' }, say: 'plimsoll says from and to', write: ofFetch },
} satisfies Words;

/** Keys that those have, and what is here instead. */
export const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  command: { cmd: 'argv', _raw_params: 'argv', environment: 'env', removes: 'nothing: the step has when' },
  script: {
    cmd: 'text',
    chdir: 'cd in the text',
    environment: 'env',
    executable: 'the first line of the text (#!/bin/bash)',
  },
  wait_for: {
    timeout: 'for',
    sleep: 'every',
    delay: 'a step before it (pause: { seconds: 5 })',
    host: 'nothing: a port of the host itself is waited for',
    search_regex: 'equals, beside argv',
  },
  pause: { minutes: 'seconds (5m)', prompt: 'message: nobody is asked while a run goes on' },
  fetch: { src: 'from', dest: 'to', flat: 'nothing: to is the path of the file' },
  upload: { src: 'from', dest: 'to', group: 'owner (USER:GROUP)', content: 'nothing: a file is uploaded' },
  assert: { msg: 'message', fail_msg: 'message', success_msg: 'nothing: what holds is not told', quiet: 'nothing' },
};

/** Modules that run programs, wait, and ask. */
export const programModules: Words = {
  ...sameNames,
  shell: { example: 'docker ps | wc -l', say: 'plimsoll says script', write: ofShell },
  raw: { example: 'uptime', say: 'plimsoll says script', write: ofShell },
  script: {
    example: { cmd: 'files/prepare.sh' },
    say: "plimsoll's script is the text itself: put the file's text there; or upload it, and run it with command",
  },
  expect: {
    example: { command: 'passwd' },
    say: none('a program is given its answers on standard input (stdin of command)'),
  },
  debug: {
    example: { msg: 'hello' },
    say: none(
      'what programs print is shown with -v, and what a step registers is in the plan; assert stops a host with a message',
    ),
  },
  fail: {
    example: { msg: 'not here' },
    say: 'plimsoll says assert',
    write: (value) => {
      const args = argsOf(value, {}, false);
      return only(args, 'msg') ? { assert: given({ that: false, message: text(args, 'msg') }) } : undefined;
    },
  },
  wait_for_connection: { example: {}, say: none('a host that is lost is reached again for a while, by itself') },
  ping: { example: {}, say: none('plimsoll ping says of each host whether it can be reached, and as whom') },
  set_fact: {
    example: { a: 1 },
    say: none(
      'variables are of the play (vars: beside hosts); what comes from a host is read from a register, where it is needed',
    ),
  },
  setup: { example: {}, say: 'facts are read when a step needs them', write: () => ({}) },
  gather_facts: { example: {}, say: 'facts are read when a step needs them', write: () => ({}) },
  meta: { example: 'flush_handlers', say: none('steps are done in their order, and there are no handlers') },
  add_host: { example: { name: 'web-9' }, say: none('hosts stand in the inventory before a run begins') },
  group_by: { example: { key: 'x' }, say: none('groups stand in the inventory; a step has when') },
  include_vars: {
    example: 'vars.yml',
    say: none('give the file on the command line, -e @vars.yml, or its variables under vars'),
  },
  import_tasks: { example: 'tasks.yml', say: none('a playbook is one file: write the steps out') },
  include_tasks: {
    example: 'tasks.yml',
    say: none('a playbook is one file: write the steps out; a block holds steps together'),
  },
  include: { example: 'tasks.yml', say: none('a playbook is one file: write the steps out') },
  import_role: { example: { name: 'docker' }, say: none("write the role's tasks out as steps") },
  include_role: { example: { name: 'docker' }, say: none("write the role's tasks out as steps") },
  import_playbook: { example: 'other.yml', say: none('a playbook is one file: put its plays into this one') },
  action: {
    example: 'shell uptime',
    say: 'the operation itself is the key of the step',
    write: (value) => action(value),
  },
  local_action: { example: 'shell uptime', say: none('nothing is done on this machine: a step is done on its host') },
  async_status: {
    example: { jid: '1' },
    say: none('whatever takes long goes on on the host by itself, and is followed'),
  },
  reboot: {
    example: {},
    say: none('a host that restarts its network or itself ends the run: reboot it between two runs'),
  },
};

function action(value: Json): JsonObject | undefined {
  const [, module = '', rest = ''] =
    typeof value === 'string' ? (/^(?:ansible\.builtin\.)?(\w+)\s+([^]*)$/.exec(value) ?? []) : [];
  return module === 'action' ? undefined : programModules[module]?.write?.(rest, {});
}
