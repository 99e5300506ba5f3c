import type { Json, JsonObject } from '../../values/json.ts';
import { argsOf, mode, names, only, path, text, truth, type Args } from './module-args.ts';
import { command, given } from './program-modules.ts';
import { none, own, textOf, type Word, type Words } from './word.ts';

/** What is said where there is only the program. */
const is = 'plimsoll has no module for it, and runs the program';

/** A module in whose place a program is run. */
export function program(example: Json, argv: (args: Args) => JsonObject | undefined): Word {
  return { example, say: is, write: (value, beside) => argv(argsOf(value, beside, false)) };
}

function owner(args: Args): string | undefined {
  const [user, group] = [text(args, 'owner'), text(args, 'group')];
  if (user === undefined) return group === undefined ? undefined : '';
  return group === undefined ? user : `${user}:${group}`;
}

function upload(args: Args): JsonObject | undefined {
  const from = text(args, 'src');
  const to = path(args, 'dest', 'path');
  const own = owner(args);
  if (from === undefined || to === undefined || own === '' || from.endsWith('/')) return undefined;
  if (!only(args, 'src', 'dest', 'path', 'owner', 'group', 'mode', 'backup', 'force')) return undefined;
  if (args.keys['mode'] !== undefined && mode(args) === undefined) return undefined;
  const name = from.split('/').at(-1) ?? '';
  const upload = given({ from, to: to.endsWith('/') ? to + name : to, owner: own, mode: mode(args) });
  return own === undefined || /^\w[\w.-]*(?::\w[\w.-]*)?$/.test(own) ? { upload } : undefined;
}

function file(args: Args): JsonObject | undefined {
  const at = path(args, 'path', 'dest', 'name');
  const own = text(args, 'owner') === undefined && text(args, 'group') !== undefined ? undefined : owner(args);
  if (at === undefined || !only(args, 'path', 'dest', 'name', 'state', 'src', 'owner', 'group', 'mode', 'recurse'))
    return undefined;
  const octal = mode(args);
  if (args.keys['mode'] !== undefined && octal === undefined) return undefined;
  switch (text(args, 'state')) {
    case 'directory': {
      const [user, group] = (own ?? '').split(':');
      const options = [
        ...(octal === undefined ? [] : ['-m', octal]),
        ...(user === undefined || user === '' ? [] : ['-o', user]),
        ...(group === undefined ? [] : ['-g', group]),
      ];
      return command(['install', '-d', ...options, at], { creates: at });
    }
    case 'absent':
      return command(['rm', '-rf', '--', at]);
    case 'touch':
      return command(['touch', '--', at], { creates: at });
    case 'link':
      return command(['ln', '-sfn', '--', text(args, 'src'), at]);
    case undefined:
      return octal === undefined
        ? command(['chown', own, '--', at])
        : own === undefined
          ? command(['chmod', octal, '--', at])
          : undefined;
    default:
      return undefined;
  }
}

const verbs: Readonly<Record<string, string>> = {
  started: 'start',
  stopped: 'stop',
  restarted: 'restart',
  reloaded: 'reload',
};

function service(args: Args): JsonObject | undefined {
  const name = text(args, 'name', 'service');
  const state = text(args, 'state');
  const enabled = truth(args, 'enabled');
  if (!only(args, 'name', 'service', 'state', 'enabled', 'daemon_reload', 'daemon-reload')) return undefined;
  if (name === undefined)
    return state === undefined && enabled === undefined ? command(['systemctl', 'daemon-reload']) : undefined;
  if (truth(args, 'daemon_reload') === true) return undefined;
  const verb = state === undefined ? undefined : own(verbs, state);
  if (enabled === undefined) return command(['systemctl', verb, name]);
  const now = state === (enabled ? 'started' : 'stopped');
  if (state !== undefined && !now) return undefined;
  return command(['systemctl', enabled ? 'enable' : 'disable', ...(now ? ['--now'] : []), name]);
}

function packages(install: readonly string[], remove: readonly string[], update: readonly string[]) {
  return (args: Args): JsonObject | undefined => {
    const list = names(args, 'name') ?? names(args, 'pkg') ?? names(args, 'package');
    if (!only(args, 'name', 'pkg', 'package', 'state', 'update_cache', 'cache_valid_time')) return undefined;
    if (list === undefined) return truth(args, 'update_cache') === true ? command(update) : undefined;
    return command([...(text(args, 'state') === 'absent' ? remove : install), ...list]);
  };
}

const dnf = packages(['dnf', 'install', '-y'], ['dnf', 'remove', '-y'], ['dnf', 'makecache']);
const aptGet = packages(['apt-get', 'install', '-y'], ['apt-get', 'remove', '-y'], ['apt-get', 'update']);

/** Modules that see to files, packages, services and users. */
export const hostModules: Words = {
  copy: {
    example: { src: 'app.conf', dest: '/etc/app.conf' },
    say: 'plimsoll says upload, with from and to',
    write: (value, beside) => upload(argsOf(value, beside, false)),
  },
  template: {
    example: { src: 'app.conf.j2', dest: '/etc/app.conf' },
    say: none(
      'no files are filled in: upload one that is ready, or write it by a script that is given the values in args',
    ),
  },
  file: program({ path: '/srv/app', state: 'directory' }, file),
  stat: {
    example: { path: '/srv/app' },
    say: `${is}; registered, its status says whether it is there`,
    write: (value, beside) => {
      const at = path(argsOf(value, beside, false), 'path', 'name');
      return command(['test', '-e', at], { read_only: true, success: [0, 1] });
    },
  },
  slurp: program({ src: '/etc/hosts' }, (args) =>
    command(['cat', '--', path(args, 'src', 'path')], { read_only: true }),
  ),
  find: program({ paths: '/var/log' }, (args) =>
    only(args, 'paths', 'path') ? command(['find', path(args, 'paths', 'path')], { read_only: true }) : undefined,
  ),
  service: program({ name: 'docker', state: 'restarted' }, service),
  systemd: program({ name: 'docker', state: 'restarted' }, service),
  systemd_service: program({ name: 'docker', state: 'restarted' }, service),
  apt: program({ name: 'xfsprogs' }, aptGet),
  package: program({ name: 'xfsprogs' }, aptGet),
  yum: program({ name: 'xfsprogs' }, dnf),
  dnf: program({ name: 'xfsprogs' }, dnf),
  apk: program({ name: 'xfsprogs' }, packages(['apk', 'add'], ['apk', 'del'], ['apk', 'update'])),
  zypper: program(
    { name: 'xfsprogs' },
    packages(['zypper', '-n', 'install'], ['zypper', '-n', 'remove'], ['zypper', 'refresh']),
  ),
  pip: program({ name: 'docker' }, packages(['pip', 'install'], ['pip', 'uninstall', '-y'], [])),
  git: program({ repo: 'https://example.org/app.git', dest: '/srv/app' }, (args) => {
    const to = path(args, 'dest');
    return to === undefined || !only(args, 'repo', 'dest')
      ? undefined
      : command(['git', 'clone', '--', text(args, 'repo'), to], { creates: to });
  }),
  get_url: program({ url: 'https://example.org/app.tar', dest: '/srv/app.tar' }, (args) => {
    const to = path(args, 'dest');
    return to === undefined || !only(args, 'url', 'dest')
      ? undefined
      : command(['curl', '-fsSLo', to, '--', text(args, 'url')], { creates: to });
  }),
  uri: program({ url: 'http://localhost/health' }, (args) =>
    only(args, 'url', 'return_content')
      ? command(['curl', '-fsS', '--', text(args, 'url')], { read_only: true })
      : undefined,
  ),
  unarchive: program({ src: '/srv/app.tar', dest: '/srv/app', remote_src: true }, (args) =>
    truth(args, 'remote_src') === true && only(args, 'src', 'dest', 'remote_src')
      ? command(['tar', '-xf', path(args, 'src'), '-C', path(args, 'dest')])
      : undefined,
  ),
  archive: {
    example: { path: '/srv/app' },
    say: 'plimsoll says backup_volume, which proves that what it has made can be read',
    write: () => ({ backup_volume: { path: '/srv/app', to: { laptop: 'backups' } } }),
  },
  synchronize: {
    example: { src: '/srv/app', dest: '/srv/new' },
    say: 'plimsoll says upload for a file, copy_volume on a host and send_volume from one host to another',
  },
  user: program({ name: 'app' }, (args) => (only(args, 'name') ? command(['useradd', text(args, 'name')]) : undefined)),
  group: program({ name: 'app' }, (args) =>
    only(args, 'name') ? command(['groupadd', '-f', text(args, 'name')]) : undefined,
  ),
  hostname: program({ name: 'web-1' }, (args) =>
    only(args, 'name') ? command(['hostnamectl', 'set-hostname', text(args, 'name')]) : undefined,
  ),
  sysctl: program({ name: 'vm.swappiness', value: 10 }, (args) => {
    const [name, value] = [text(args, 'name'), textOf(args.keys['value'])];
    return name === undefined || value === undefined || !only(args, 'name', 'value')
      ? undefined
      : command(['sysctl', '-w', `${name}=${value}`]);
  }),
  modprobe: program({ name: 'overlay' }, (args) =>
    only(args, 'name', 'state') && text(args, 'state') !== 'absent'
      ? command(['modprobe', text(args, 'name')])
      : undefined,
  ),
  mount: program({ src: '/dev/vdb', path: '/srv', state: 'mounted' }, (args) =>
    only(args, 'src', 'path', 'state') && text(args, 'state') === 'ephemeral'
      ? command(['mount', text(args, 'src'), path(args, 'path')])
      : undefined,
  ),
  cron: { example: { name: 'x', job: 'y' }, say: none('upload a file to /etc/cron.d') },
  lineinfile: {
    example: { path: '/etc/hosts', line: 'x' },
    say: none('upload the whole file, or change it by a script'),
  },
  blockinfile: {
    example: { path: '/etc/hosts', block: 'x' },
    say: none('upload the whole file, or change it by a script'),
  },
  replace: {
    example: { path: '/etc/hosts', regexp: 'x' },
    say: none('upload the whole file, or change it by a script'),
  },
  ini_file: { example: { path: '/etc/x.ini' }, say: none('upload the whole file, or change it by a script') },
  tempfile: { example: {}, say: none('a script makes one with mktemp, and removes it') },
  authorized_key: { example: { user: 'app' }, say: none('upload the file') },
  known_hosts: {
    example: { name: 'web-1' },
    say: none(
      'the keys of hosts stand in the known_hosts files of this machine (ssh-keyscan, compared with what the host itself shows)',
    ),
  },
  service_facts: { example: {}, say: none('a command with read_only: true can print it, and be registered') },
  package_facts: { example: {}, say: none('a command with read_only: true can print it, and be registered') },
};
