import * as z from 'zod';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { parseBytes } from '../../../values/size.ts';
import { containerOrLabel, hostPath, imageName, sizeText, whichContainers } from '../../engine/input.ts';
import type { Patch, PatchedMount } from '../body/patch.ts';
import { gate, layer } from '../replace/replacement-input.ts';
import { restoreSchema } from './restore.ts';

const binding = /^(?:(?:\[([0-9a-f:]+)\]|(\d+\.\d+\.\d+\.\d+)):)?(\d{1,5})$/i;
const published = z.union([
  z.number().int().min(1).max(65_535).transform(String),
  z.string().regex(binding, 'must be a port of the host, or ADDRESS:PORT'),
]);

const mount = z.union([
  z.strictObject({
    volume: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.:/@-]+$/, 'must be the name of a volume, without blanks')
      .describe('the name of a volume that exists'),
    read_only: z
      .boolean()
      .optional()
      .describe('as it is now, when left out; of a path where nothing is mounted now: false'),
  }),
  z.strictObject({
    bind: hostPath.describe('a path on the host'),
    read_only: z
      .boolean()
      .optional()
      .describe('as it is now, when left out; of a path where nothing is mounted now: false'),
  }),
]);

export const recreateSchema = z
  .strictObject({
    ...whichContainers,
    image: imageName.optional().describe('the image, by a name or id that the host has already'),
    env: z
      .record(z.string().regex(/^[^=\0]+$/), z.union([z.string(), z.null()]))
      .optional()
      .describe('variables of its environment, by name; null takes one out, the others stay'),
    labels: z
      .record(z.string().min(1), z.union([z.string(), z.null()]))
      .optional()
      .describe('its labels, by key; null takes one out, the others stay'),
    memory: sizeText(parseBytes).optional().describe('the most memory that it may use: 512MiB'),
    cpus: z.number().positive().max(4096).optional().describe('how many processors it may use: 1.5'),
    restart: z
      .string()
      .regex(
        /^(no|always|unless-stopped|on-failure(:[1-9]\d*)?)$/,
        'must be no, always, unless-stopped, on-failure or on-failure:N',
      )
      .optional()
      .describe('its restart policy: no, always, unless-stopped, on-failure, or on-failure:N with the number of tries'),
    ports: z
      .record(
        z.string().regex(/^\d{1,5}(\/(tcp|udp|sctp))?$/, 'must be a port of the container, for example 80 or 53/udp'),
        z.union([published, z.null()]),
      )
      .optional()
      .describe(
        "by the container's port (80, 53/udp) the host's, 8080 or ADDRESS:8080; null: not published; the others stay",
      ),
    pin_ports: z.boolean().optional().describe('ports that Docker has chosen stay the ones they are now'),
    mounts: z
      .record(hostPath, z.union([mount, z.null()]))
      .optional()
      .describe('what is mounted, by the path in the container; null: nothing is; the others stay'),
    storage_size: sizeText(parseBytes)
      .optional()
      .describe('the size of its root file system, where the storage driver has that: 20GiB'),
    layer,
    gate: gate.prefault({}).describe('what the new container has to show before the old one is given up'),
    compose: z
      .literal('override')
      .optional()
      .describe(
        'containers of Docker Compose: write an override file beside the files of the project, and let Compose make the container anew; refused when left out',
      ),
    restore: restoreSchema
      .optional()
      .describe(
        'filled in by plimsoll restore-version: a recorded version to go back to, instead of all keys that say how it shall be',
      ),
  })
  .refine((want) => want.container !== undefined || want.label !== undefined, { message: containerOrLabel })
  .refine(
    ({ restore, container: _container, label: _label, layer: _layer, gate: _gate, ...others }) =>
      restore === undefined || Object.values(others).every((value) => value === undefined),
    { message: 'restore: says how all of it shall be: leave the other keys out' },
  );

export type RecreateWant = z.infer<typeof recreateSchema>;

export function patchOf(want: RecreateWant): Patch {
  const { image, env, labels, memory, cpus, restart, ports, mounts, storage_size: storageSize } = want;
  const [policy = 'no', count = '0'] = (restart ?? '').split(':');
  return {
    ...(image === undefined ? {} : { image }),
    ...(env === undefined ? {} : { env }),
    ...(labels === undefined ? {} : { labels }),
    ...(memory === undefined ? {} : { memory: parseBytes(memory) }),
    ...(cpus === undefined ? {} : { nanoCpus: Math.round(cpus * 1e9) }),
    ...(restart === undefined ? {} : { restart: { name: policy, maximumRetryCount: Number(count) } }),
    ...(ports === undefined
      ? {}
      : {
          ports: Object.fromEntries(
            Object.entries(ports).map(([port, at]) => [
              port.includes('/') ? port : `${port}/tcp`,
              at === null ? null : [bindingOf(at)],
            ]),
          ),
        }),
    ...(want.pin_ports === undefined ? {} : { pinPorts: want.pin_ports }),
    ...(mounts === undefined
      ? {}
      : {
          mounts: Object.fromEntries(
            Object.entries(mounts).map(([path, wanted]) => [path, wanted === null ? null : mountOf(wanted)]),
          ),
        }),
    ...(storageSize === undefined ? {} : { storageSize: parseBytes(storageSize) }),
    ...(want.layer === 'discard' ? { discardLayer: true } : {}),
  };
}

/** What is wanted, without the variables that it has already. */
export function patchFor(
  want: RecreateWant,
  { spec, has }: { readonly spec: ContainerSpec; readonly has: readonly boolean[] | undefined },
): Patch {
  const patch = patchOf(want);
  if (want.env === undefined) return patch;
  const names = new Set(spec.env.map((entry) => entry.name));
  const given = Object.entries(want.env)
    .filter(([, value]) => value !== null)
    .map(([key]) => key);
  const env = Object.fromEntries(
    Object.entries(want.env).filter(([key, value]) =>
      value === null ? names.has(key) : has?.[given.indexOf(key)] !== true,
    ),
  );
  return { ...patch, env };
}

function bindingOf(text: string): { readonly hostIp: string; readonly hostPort: string } {
  const [, v6, v4, port = ''] = binding.exec(text) ?? [];
  return { hostIp: v6 ?? v4 ?? '', hostPort: port };
}

function mountOf(wanted: z.infer<typeof mount>): PatchedMount {
  const readOnly = wanted.read_only === undefined ? {} : { readOnly: wanted.read_only };
  return 'volume' in wanted ? { volume: wanted.volume, ...readOnly } : { bind: wanted.bind, ...readOnly };
}
