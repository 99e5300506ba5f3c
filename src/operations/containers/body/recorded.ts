import * as z from 'zod';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { JsonObject } from '../../../values/json.ts';
import { asObject, asText, canonicalJson, isObject } from '../../../values/json.ts';
import { asked, storageBytesOf } from './asked.ts';
import { planMounts } from './mounts.ts';
import { isEmpty, linksOf } from './networks.ts';
import type { Patch } from './patch.ts';
import { portBindings } from './ports.ts';
import { restartPolicyOf } from './restart-policy.ts';

/**
 * What is kept of a version of a container. Of the environment only the names: a value may be a secret,
 * and a digest of a short one gives it away. What comes from the image stands in none of it.
 */
export const recordedSchema = z.object({
  image: z.string().describe('the image, as it was named'),
  imageId: z.exactOptional(z.string().describe('which image that name meant; absent when that was not known')),
  env: z.array(z.string()).describe('the names of its variables, without those of the image'),
  labels: z.record(z.string(), z.string()).describe('its labels, without those of the image'),
  memoryBytes: z.number().describe('the most memory that it may use, in bytes; 0: no limit'),
  nanoCpus: z.number().describe('how many processors it may use, in billionths of one; 0: no limit'),
  restart: z.string().describe('its restart policy, as docker run --restart takes it'),
  ports: z
    .record(
      z.string(),
      z.array(
        z.object({
          hostIp: z.string().describe('an address of the host; empty: all of them'),
          hostPort: z.string().describe('a port of the host; empty: one that Docker chooses'),
        }),
      ),
    )
    .describe('what is published, by the port in the container'),
  mounts: z
    .array(
      z.object({
        destination: z.string().describe('the path in the container'),
        type: z.string().describe('volume, bind, or another kind that Docker has'),
        name: z.exactOptional(z.string().describe('the name of the volume')),
        source: z.exactOptional(z.string().describe('the path on the host')),
        readWrite: z.boolean().describe('whether it can be written to'),
      }),
    )
    .describe('what is mounted'),
  storageBytes: z.exactOptional(
    z.number().describe('the size of its root file system, in bytes; absent without one of its own'),
  ),
  others: z
    .record(z.string(), z.string())
    .describe("what recreate_container leaves as it is: Docker's keys, each with its value as canonical JSON"),
});
export type Recorded = z.infer<typeof recordedSchema>;

/** The container as it is, or as a patch makes it; `imageId`: which image the patch's name means. */
export function recordedOf(spec: ContainerSpec, patch: Patch, imageId: string | undefined): Recorded {
  const { config, hostConfig } = spec;
  const id = patch.image === undefined ? spec.image : /^sha256:[0-9a-f]{64}$/.test(patch.image) ? patch.image : imageId;
  const storageBytes = patch.storageSize ?? storageBytesOf(spec);
  return {
    image: patch.image ?? asText(config['Image']),
    ...(id === undefined ? {} : { imageId: id }),
    env: [
      ...new Set([
        ...spec.env.filter(({ inherited }) => !inherited).map(({ name }) => name),
        ...Object.keys(patch.env ?? {}),
      ]),
    ]
      .filter((name) => patch.env?.[name] !== null)
      .toSorted(),
    labels: Object.fromEntries(
      Object.entries({ ...ownLabels(spec), ...patch.labels }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    ),
    memoryBytes: patch.memory ?? number(hostConfig['Memory']),
    nanoCpus: patch.nanoCpus ?? number(hostConfig['NanoCpus']),
    restart: restartPolicyOf(spec, patch).option,
    ports: portsOf(portBindings(spec, patch) ?? asObject(hostConfig['PortBindings'])),
    mounts: [...planMounts(spec, patch).expected].map(([destination, { type, source, readWrite }]) => ({
      destination,
      type,
      [type === 'volume' ? 'name' : 'source']: source,
      readWrite,
    })),
    ...(storageBytes === undefined ? {} : { storageBytes }),
    others: othersOf(spec, patch),
  };
}

/** What a record of a version holds: how it is, and the names of what was asked for. */
export function versionSpec(spec: ContainerSpec, patch: Patch, imageId: string | undefined): JsonObject {
  return { ...recordedOf(spec, patch, imageId), changed: asked(spec, patch).map(({ what }) => what) };
}

/** Those that its image does not give it. */
export function ownLabels({ config, imageConfig }: ContainerSpec): Readonly<Record<string, string>> {
  const given = asObject(imageConfig?.['Labels']);
  return Object.fromEntries(
    Object.entries(asObject(config['Labels'])).flatMap(([name, value]) =>
      given[name] === value ? [] : [[name, asText(value)]],
    ),
  );
}

function portsOf(bindings: JsonObject): Recorded['ports'] {
  const one = (binding: JsonObject): { readonly hostIp: string; readonly hostPort: string } => ({
    hostIp: asText(binding['HostIp']),
    hostPort: asText(binding['HostPort']),
  });
  // An empty list is a binding too: to a port that Docker chooses.
  return Object.fromEntries(
    Object.entries(bindings).map(([port, list]) => [
      port,
      (Array.isArray(list) && list.length > 0 ? list : [{}])
        .filter((binding): binding is JsonObject => isObject(binding))
        .map(one),
    ]),
  );
}

/** Said by a key of its own above, or another on each host, or nothing that anybody has set. */
const elsewhere = new Set([
  'Image',
  'Labels',
  'ExposedPorts',
  'Hostname',
  'Domainname',
  'MacAddress',
  'Volumes',
  'Binds',
  'Mounts',
  'PortBindings',
  'Links',
  'Memory',
  'NanoCpus',
  'RestartPolicy',
  'ContainerIDFile',
  'ConsoleSize',
]);

function othersOf(spec: ContainerSpec, patch: Patch): Recorded['others'] {
  const { config, hostConfig, imageConfig, hidden, networks, logOptions } = spec;
  const { size: _, ...storage } = asObject(hostConfig['StorageOpt']);
  const swap = hostConfig['MemorySwap'];
  const all: JsonObject = {
    ...Object.fromEntries(
      Object.entries(config)
        .filter(([key, value]) => canonicalJson(value) !== canonicalJson(imageConfig?.[key] ?? null))
        .map(([key, value]) => [`Config.${key}`, value]),
    ),
    // Their values stay on the host; where they are not the image's, that much can be said.
    ...Object.fromEntries(
      hidden.filter(({ set, inherited }) => set && !inherited).map(({ key }) => [`Config.${key}`, 'of its own']),
    ),
    ...Object.fromEntries(Object.entries(hostConfig).map(([key, value]) => [`HostConfig.${key}`, value])),
    'HostConfig.Links': linksOf(spec),
    'HostConfig.StorageOpt': storage,
    // Twice the memory is what Docker makes of it by itself.
    'HostConfig.MemorySwap': swap === 2 * number(hostConfig['Memory']) ? 0 : (swap ?? 0),
    ...(patch.nanoCpus === undefined ? {} : { 'HostConfig.CpuPeriod': 0, 'HostConfig.CpuQuota': 0 }),
    'log options': logOptions.toSorted(),
    networks: Object.keys(networks).toSorted(),
  };
  const kept = Object.entries(all).filter(
    ([key, value]) => (key === 'HostConfig.Links' || !elsewhere.has(key.replace(/^\w+\./, ''))) && !isEmpty(value),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, canonicalJson(value)]));
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
