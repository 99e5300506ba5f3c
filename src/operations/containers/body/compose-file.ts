import { composeLabels, composeOptions } from '../../../facts/containers/compose-project.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import { asObject, isObject } from '../../../values/json.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { refuse } from '../../../values/refusal.ts';
import { commandLine } from '../../../values/shell.ts';
import type { ExpectedMount } from './mounts.ts';
import { planMounts } from './mounts.ts';
import type { Patch } from './patch.ts';

/**
 * Compose would take a kept old container for a replica, and may remove what it has not made: so it does the
 * work itself, from an override file that says the same as the patch.
 */
export function composeRefusal(spec: ContainerSpec, patch: Patch, remedy: 'by hand' | 'or compose: override'): Refusal {
  const labels = composeLabels(asObject(spec.config['Labels']));
  if (labels === undefined)
    return refuse(`${spec.name} belongs to a Compose project without a name`, 'make it anew with docker compose up');
  const { project, service, directory } = labels;
  const override = overridePath(directory === '' ? '.' : directory, service, 1);
  const command = commandLine([
    'docker',
    'compose',
    '-p',
    project,
    ...(directory === '' ? [] : ['--project-directory', directory]),
    ...composeOptions(labels),
    ...(labels.files.length === 0 ? ['-f', 'FILE'] : []),
    '-f',
    override,
    'up',
    '-d',
    '--no-deps',
    service,
  ]);
  return refuse(
    `${spec.name} belongs to the Compose project ${project}, which has to make it anew itself`,
    // The value of a variable may be a secret; a message is no place for it.
    `${labels.files.length === 0 ? `its label com.docker.compose.project.config_files is missing, so the project's own file is not known: with the override file alone Compose would describe nothing else of ${service}; give it first, where the command says -f FILE. ` : ''}${remedy === 'by hand' || labels.files.length === 0 ? '' : 'say compose: override, and plimsoll does this and verifies it; or by hand: '}write to ${override}:\n${overrideText(service, spec, { ...patch, env: Object.fromEntries(Object.entries(patch.env ?? {}).map(([name, value]) => [name, value === null ? null : '…'])) })}\nthen run: ${command}`,
  );
}

/** One file for each time that something is asked of a service: those before it stay as they are. */
export function overridePath(directory: string, service: string, number: number): string {
  return `${directory.replace(/(.)\/+$/, '$1')}/compose.plimsoll.${service}${number === 1 ? '' : `.${String(number)}`}.yaml`;
}

/** What a patch asks for, as an override of the service: block style, with every text as JSON, which YAML takes. */
export function overrideText(service: string, spec: ContainerSpec, patch: Patch): string {
  const was = planMounts(spec, {}).expected;
  const mounts = [...planMounts(spec, patch).expected].filter(
    ([path, mount]) => JSON.stringify(was.get(path)) !== JSON.stringify(mount),
  );
  const volumes = [...new Set(mounts.filter(([, { type }]) => type === 'volume').map(([, { source }]) => source))];
  // Where the project's files say both, Compose demands that both are the same.
  const limits = {
    ...(patch.nanoCpus === undefined ? {} : { cpus: String(patch.nanoCpus / 1e9) }),
    ...(patch.memory === undefined ? {} : { memory: String(patch.memory) }),
  };
  const { restart } = patch;
  const ports = Object.entries(patch.ports ?? {}).flatMap(([port, list]) =>
    (list ?? []).map(
      ({ hostIp, hostPort }) =>
        `${hostIp === '' ? '' : `${hostIp.includes(':') ? `[${hostIp}]` : hostIp}:`}${hostPort}:${port}`,
    ),
  );
  const own: JsonObject = {
    ...(patch.image === undefined ? {} : { image: patch.image }),
    ...(patch.memory === undefined ? {} : { mem_limit: String(patch.memory) }),
    ...(patch.nanoCpus === undefined ? {} : { cpus: patch.nanoCpus / 1e9 }),
    ...(Object.keys(limits).length === 0 ? {} : { deploy: { resources: { limits } } }),
    ...(restart === undefined
      ? {}
      : {
          restart:
            restart.name === 'on-failure' && restart.maximumRetryCount > 0
              ? `on-failure:${String(restart.maximumRetryCount)}`
              : restart.name,
        }),
    ...(patch.storageSize === undefined ? {} : { storage_opt: { size: String(patch.storageSize) } }),
    // Without a value: the variable is not set.
    ...(Object.keys(patch.env ?? {}).length === 0 ? {} : { environment: patch.env ?? {} }),
    ...(Object.keys(patch.labels ?? {}).length === 0 ? {} : { labels: patch.labels ?? {} }),
    ...(ports.length === 0 ? {} : { ports }),
    ...(mounts.length === 0 ? {} : { volumes: mounts.map(([path, mount]) => mountOf(path, mount)) }),
  };
  const all: JsonObject = {
    services: { [service]: own },
    ...(volumes.length === 0
      ? {}
      : { volumes: Object.fromEntries(volumes.map((name) => [keyOf(name), { external: true, name }])) }),
  };
  return block(all, '').join('\n');
}

/** Of a volume in the short form: docker-compose 1 goes on with the old one where it is said in the long form. */
function mountOf(path: string, { type, source, readWrite }: ExpectedMount): Json {
  if (type === 'volume') return `${keyOf(source)}:${path}:${readWrite ? '' : 'ro,'}nocopy`;
  return { type, source, target: path, ...(readWrite ? {} : { read_only: true }) };
}

/** The project's files may have given the name itself another meaning. */
function keyOf(volume: string): string {
  return `plimsoll_${volume}`;
}

/** Every other one is quoted: `on` and `no` would be something else. */
const plainKeys = new Set([
  'services',
  'volumes',
  'image',
  'mem_limit',
  'cpus',
  'deploy',
  'resources',
  'limits',
  'memory',
  'restart',
  'storage_opt',
  'size',
  'environment',
  'labels',
  'ports',
  'external',
  'name',
]);

function block(value: JsonObject, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([key, inner]): readonly string[] => {
    const name = `${indent}${plainKeys.has(key) ? key : text(key)}:`;
    if (isObject(inner) && Object.keys(inner).length > 0) return [name, ...block(inner, `${indent}  `)];
    if (Array.isArray(inner)) return [name, ...inner.map((item: Json) => `${indent}  - ${flow(item)}`)];
    return [inner === null ? name : `${name} ${flow(inner)}`];
  });
}

function flow(value: Json): string {
  return typeof value === 'string'
    ? text(value.replaceAll('$', '$$$$'))
    : isObject(value)
      ? `{${Object.entries(value)
          .map(([key, inner]) => `${key}: ${flow(inner)}`)
          .join(', ')}}`
      : JSON.stringify(value);
}

/** YAML takes these characters only escaped, JSON as they are. */
function text(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
