import { isObject, type Json, type JsonObject } from '../../values/json.ts';
import { program } from './host-modules.ts';
import { argsOf, only, path, text, type Args } from './module-args.ts';
import { command, given } from './program-modules.ts';
import { own, textOf, type Words } from './word.ts';

/** Modules that see to Docker and to storage, for which plimsoll has operations. */
export const storageModules: Words = {
  docker_container: {
    example: { name: 'app', state: 'absent' },
    say: 'plimsoll says recreate_container for what is to be different (image, env, memory, mounts), and remove_container',
    write: (value) => {
      const args = argsOf(value, {}, false);
      return text(args, 'state') === 'absent' && only(args, 'name', 'state')
        ? withName('remove_container', 'container', text(args, 'name'))
        : ['started', 'stopped'].includes(text(args, 'state') ?? '') && only(args, 'name', 'state')
          ? command(['docker', text(args, 'state') === 'started' ? 'start' : 'stop', text(args, 'name')])
          : recreated(args);
    },
  },
  docker_container_info: {
    example: { name: 'app' },
    say: 'plimsoll says docker_inspect',
    write: (value) => withName('docker_inspect', 'container', text(argsOf(value, {}, false), 'name')),
  },
  docker_host_info: { example: {}, say: 'facts.docker has what is known of the daemon', write: () => ({}) },
  docker_container_exec: program({ container: 'app', argv: ['id'] }, (args) => {
    const { argv } = args.keys;
    const words = Array.isArray(argv) ? argv.map((word: Json) => textOf(word)) : undefined;
    return words === undefined || !only(args, 'container', 'argv')
      ? undefined
      : command(['docker', 'exec', text(args, 'container'), ...words]);
  }),
  docker_volume: {
    example: { name: 'data' },
    say: 'plimsoll says scaled_volume for volumes of a size, scale_volume for a new size, clean_volumes for those that nobody uses; a plain one is made by a program',
    write: (value) => {
      const args = argsOf(value, {}, false);
      const verb = text(args, 'state') === 'absent' ? 'rm' : 'create';
      return only(args, 'name', 'volume_name', 'state')
        ? command(['docker', 'volume', verb, text(args, 'name', 'volume_name')])
        : undefined;
    },
  },
  docker_image: program({ name: 'nginx:1.27' }, (args) =>
    only(args, 'name', 'source', 'tag') && text(args, 'tag') === undefined
      ? command(['docker', 'pull', text(args, 'name')])
      : undefined,
  ),
  docker_image_pull: program({ name: 'nginx:1.27' }, (args) =>
    only(args, 'name') ? command(['docker', 'pull', text(args, 'name')]) : undefined,
  ),
  docker_network: program({ name: 'app' }, (args) =>
    only(args, 'name') ? command(['docker', 'network', 'create', text(args, 'name')]) : undefined,
  ),
  docker_login: {
    example: { username: 'ops' },
    say: 'plimsoll runs docker login, with the password as a secret variable on its standard input (stdin)',
  },
  docker_prune: {
    example: { volumes: true },
    say: 'plimsoll says clean_volumes, which keeps what it takes away for a week',
    write: () => ({ clean_volumes: {} }),
  },
  docker_compose: program({ project_src: '/srv/app' }, compose),
  docker_compose_v2: program({ project_src: '/srv/app' }, compose),
  lvol: {
    example: { vg: 'docker', lv: 'thinpool', size: '+100%FREE' },
    say: "plimsoll says grow_pool for the pool of Docker's devicemapper; other volumes are grown by a program (command: [lvextend, …])",
  },
  lvg: {
    example: { vg: 'docker' },
    say: 'plimsoll has no module for it, and runs the program (command: [vgextend, …])',
  },
  filesystem: {
    example: { dev: '/dev/vdb' },
    say: 'plimsoll says resize2fs and xfs_growfs for a file system that is to grow; it makes none',
  },
};

function compose(args: Args): JsonObject | undefined {
  const state = text(args, 'state') ?? 'present';
  const verb = own({ present: ['up', '-d'], absent: ['down'], restarted: ['restart'], stopped: ['stop'] }, state);
  return verb === undefined || !only(args, 'project_src', 'state')
    ? undefined
    : command(['docker', 'compose', ...verb], { chdir: path(args, 'project_src') });
}

function withName(operation: string, key: string, name: string | undefined): JsonObject | undefined {
  return name === undefined ? undefined : { [operation]: { [key]: name } };
}

function recreated(args: Args): JsonObject | undefined {
  const [container, image, restart] = [text(args, 'name'), text(args, 'image'), text(args, 'restart_policy')];
  const { env } = args.keys;
  if (container === undefined || !only(args, 'name', 'image', 'env', 'restart_policy', 'state', 'recreate'))
    return undefined;
  if (isObject(env) && !Object.values(env).every((value) => typeof value === 'string')) return undefined;
  return {
    recreate_container: given({ container, image, restart, env: isObject(env) ? env : undefined }),
  };
}
