// `docker compose`, as far as plimsoll uses it: one container for each service. Like the real one it makes the new container under
// another name, stops and removes the old one, and then gives the new one its name; so it can be cut anywhere.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { DaemonError, createContainer } from './create.mjs';
import { sorted } from './template.mjs';

const { SIM_BIN: bin } = process.env;
// What the daemon writes does not follow the mask of its client.
process.umask(0o022);
const words = process.argv.slice(2);
const label = (name) => `com.docker.compose.${name}`;

class Failed extends Error {}

function unsupported() {
  process.stderr.write(`sim: unsupported call: docker compose ${process.argv.slice(2).join(' ')}\n`);
  process.exit(2);
}

function docker(...args) {
  const { status, stdout, stderr } = spawnSync(`${bin}/docker`, args, { encoding: 'utf8' });
  if (status !== 0) throw new Failed(stderr.trim());
  return stdout.trim();
}

const options = { files: [], project: '', directory: '', dry: false };
while (words[0]?.startsWith('-')) {
  const option = words.shift();
  if (option === '--dry-run') options.dry = true;
  else if (option === '-p') options.project = words.shift();
  else if (option === '--project-directory') options.directory = words.shift();
  else if (option === '-f') options.files.push(words.shift());
  else unsupported();
}

const known = ['image', 'command', 'environment', 'labels', 'volumes', 'mem_limit', 'restart', 'deploy'];

/** A single dollar would be a variable's, and there are none here. */
function plain(value) {
  if (typeof value === 'string') {
    if (/(?<!\$)(\$\$)*\$(?!\$)/.test(value)) throw new Failed(`invalid interpolation format for ${value}`);
    return value.replaceAll('$$', '$');
  }
  if (Array.isArray(value)) return value.map(plain);
  return value !== null && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
    : value;
}

/** The services of all files, those of later files over those of earlier ones; volumes are Docker's names, by the place of their mount. */
function read() {
  const services = {};
  const volumes = {};
  for (const file of options.files) {
    const content = plain(parse(readFileSync(file, 'utf8')));
    Object.assign(volumes, content.volumes);
    for (const [name, own] of Object.entries(content.services ?? {})) {
      const before = services[name] ?? {};
      for (const key of Object.keys(own))
        if (!known.includes(key)) throw new Failed(`sim: unsupported key of a service: ${key}`);
      const mounts = Object.fromEntries((own.volumes ?? []).map((text) => [text.split(':')[1], text]));
      services[name] = {
        ...before,
        ...own,
        environment: { ...before.environment, ...own.environment },
        labels: { ...before.labels, ...own.labels },
        volumes: { ...before.volumes, ...mounts },
      };
    }
  }
  for (const service of Object.values(services)) {
    for (const [target, text] of Object.entries(service.volumes)) {
      const [key, , mode = ''] = text.split(':');
      if (!(key in volumes)) throw new Failed(`service refers to undefined volume ${key}`);
      service.volumes[target] =
        `${volumes[key]?.external === true ? volumes[key].name : `${options.project}_${key}`}:${target}${mode === '' ? '' : `:${mode}`}`;
    }
  }
  return services;
}

const hashOf = (service) =>
  createHash('sha256')
    .update(JSON.stringify(sorted(service)))
    .digest('hex');
const say = (name, what) => {
  process.stderr.write(` ${options.dry ? 'DRY-RUN MODE - ' : ''} Container ${name}  ${what}\n`);
};

function bodyOf(name, service, hash) {
  const { image, command, environment, labels, volumes, mem_limit: memory, restart = 'no' } = service;
  const own = {
    project: options.project,
    service: name,
    oneoff: 'False',
    'container-number': '1',
    version: '2.40.3',
    'config-hash': hash,
    'project.working_dir': options.directory,
    'project.config_files': options.files.join(','),
  };
  const [policy, count = '0'] = restart.split(':');
  return {
    Image: image,
    ...(command === undefined ? {} : { Cmd: command }),
    Env: Object.entries(environment).map(([key, value]) => (value === null ? key : `${key}=${String(value)}`)),
    Labels: { ...labels, ...Object.fromEntries(Object.entries(own).map(([key, value]) => [label(key), value])) },
    HostConfig: {
      Binds: Object.values(volumes),
      Memory: Number(memory ?? 0),
      MemorySwap: 2 * Number(memory ?? 0),
      RestartPolicy: { Name: policy, MaximumRetryCount: Number(count) },
    },
  };
}

function up(name, service) {
  const hash = hashOf(service);
  const ids = docker(
    'ps',
    '-aq',
    '--no-trunc',
    '--filter',
    `label=${label('project')}=${options.project}`,
    '--filter',
    `label=${label('service')}=${name}`,
  )
    .split('\n')
    .filter((id) => id !== '');
  const found = ids.map((id) => JSON.parse(docker('inspect', id))[0]);
  const isRight = (one) => one.Config.Labels[label('config-hash')] === hash;
  const [kept, ...others] = [...found.filter(isRight), ...found.filter((one) => !isRight(one))];
  const shown = `${options.project}-${name}-1`;
  const act = (what, ...args) => {
    say(shown, what);
    if (!options.dry) for (const each of args) docker(...each);
  };
  for (const { Id } of others) act('Removed', ['stop', Id], ['rm', '--', Id]);
  if (kept !== undefined && isRight(kept)) {
    if (kept.State.Running) say(shown, 'Running');
    else act('Started', ['start', kept.Id]);
    return;
  }
  say(shown, kept === undefined ? 'Creating' : 'Recreate');
  if (options.dry) return;
  const body = bodyOf(name, service, hash);
  if (kept === undefined) {
    docker('start', createContainer(shown, body));
  } else {
    const id = createContainer(`${kept.Id.slice(0, 12)}_${shown}`, {
      ...body,
      Labels: { ...body.Labels, [label('replace')]: kept.Name.slice(1) },
    });
    if (kept.State.Running) docker('stop', kept.Id);
    docker('rm', '--', kept.Id);
    docker('rename', id, shown);
    docker('start', id);
  }
  say(shown, 'Started');
}

try {
  const verb = words.shift();
  if (verb === 'version' && words.join(' ') === '--short') {
    process.stdout.write('2.40.3\n');
  } else if (verb === 'config' && words.length === 1 && words[0].startsWith('--hash=')) {
    const name = words[0].slice('--hash='.length);
    const service = read()[name];
    if (service === undefined) throw new Failed(`no such service: ${name}`);
    process.stdout.write(`${name} ${hashOf(service)}\n`);
  } else if (verb === 'up') {
    const names = words.filter((word, index) => !word.startsWith('-') && words[index - 1] !== '--pull');
    const services = read();
    for (const name of names.length === 0 ? Object.keys(services) : names) {
      if (services[name] === undefined) throw new Failed(`no such service: ${name}`);
      up(name, services[name]);
    }
  } else {
    unsupported();
  }
} catch (error) {
  if (!(error instanceof Failed || error instanceof DaemonError || error.code === 'ENOENT')) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
