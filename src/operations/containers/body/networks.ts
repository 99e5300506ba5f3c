import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Json, JsonObject } from '../../../values/json.ts';
import { asText, isObject } from '../../../values/json.ts';

/** One network that the new container is to be connected to, with what the user has set of it. */
export interface Endpoint {
  readonly network: string;
  readonly config: JsonObject;
}

const shared = /^(container:|host$|none$)/;

/** The namespace is another's, the host's, or empty: there is nothing to be connected. */
export function hasOwnNetworks(mode: Json | undefined): boolean {
  return typeof mode === 'string' && !shared.test(mode);
}

/** What Docker gives an endpoint when it connects it. */
export const assignedKeys = [
  'NetworkID',
  'EndpointID',
  'Gateway',
  'IPAddress',
  'IPPrefixLen',
  'IPv6Gateway',
  'GlobalIPv6Address',
  'GlobalIPv6PrefixLen',
  'DNSNames',
];

/** With those of which Docker makes a part: what somebody has set of them is expected by its value. */
export const endpointKeysOfDocker = [...assignedKeys, 'Aliases', 'MacAddress'];

/**
 * The endpoints of the new container, the one of its network mode first. Addresses and ids that Docker
 * has chosen are left out, and so is what it adds to the aliases by itself.
 */
export function endpointsOf(spec: ContainerSpec): readonly Endpoint[] {
  const mode = spec.hostConfig['NetworkMode'];
  if (!hasOwnNetworks(mode) || typeof mode !== 'string') return [];
  const names = Object.keys(spec.networks);
  const primary = primaryOf(spec);
  return [...names.filter((name) => name === primary), ...names.filter((name) => name !== primary)].map((network) => ({
    network,
    config: endpointOf(spec, network, network === primary),
  }));
}

/** The network of its network mode. */
function primaryOf({ hostConfig, networks }: ContainerSpec): string | undefined {
  const mode = asText(hostConfig['NetworkMode']);
  const names = Object.keys(networks);
  return mode === 'default'
    ? 'bridge'
    : (names.find((name) => name === mode) ?? names.find((name) => idOf(networks[name]).startsWith(mode)));
}

/** It is on the network of its network mode: it has not been disconnected from that, on which Docker puts every new one. */
export function isOnItsOwnNetwork(spec: ContainerSpec): boolean {
  return Object.keys(spec.networks).some((name) => name === primaryOf(spec));
}

/** The MAC address that somebody has set; empty: Docker chooses one. */
export function macOf(spec: ContainerSpec, network: string, primary = primaryOf(spec) === network): string {
  return (spec.ownMacs?.[network] ?? '') || (primary ? asText(spec.config['MacAddress']) : '');
}

function idOf(endpoint: JsonObject | undefined): string {
  const id = endpoint?.['NetworkID'];
  return typeof id === 'string' && id !== '' ? id : '-';
}

function endpointOf(spec: ContainerSpec, network: string, primary: boolean): JsonObject {
  const endpoint = spec.networks[network] ?? {};
  const kept = (key: string): JsonObject => {
    const value = endpoint[key];
    return isEmpty(value) ? {} : { [key]: value ?? null };
  };
  const aliases = aliasesOf(spec, network);
  const mac = apiAtLeast(spec.api, 44) ? macOf(spec, network, primary) : '';
  return {
    ...kept('IPAMConfig'),
    ...kept('Links'),
    ...kept('DriverOpts'),
    ...kept('GwPriority'),
    ...(aliases.length === 0 ? {} : { Aliases: aliases }),
    ...(mac === '' ? {} : { MacAddress: mac }),
  };
}

/** These take no aliases. */
export function isDockersOwn(network: string): boolean {
  return ['bridge', 'host', 'none'].includes(network);
}

/** The user's own. */
export function aliasesOf(spec: ContainerSpec, network: string): readonly string[] {
  const aliases = spec.networks[network]?.['Aliases'];
  if (!Array.isArray(aliases) || isDockersOwn(network)) return [];
  const own = [spec.id.slice(0, 12), spec.config['Hostname']];
  return [...new Set(aliases.filter((alias) => typeof alias === 'string'))].filter((alias) => !own.includes(alias));
}

/** 0, the empty text, list and object, null: what Go leaves out, or writes, of a value that was not set. */
export function isEmpty(value: Json | undefined): boolean {
  return (
    value === undefined ||
    value === null ||
    value === 0 ||
    value === '' ||
    value === false ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0)
  );
}

export function apiAtLeast(api: string, minor: number): boolean {
  return Number(api.replace(/^1\./, '')) >= minor;
}

/** HostConfig.Links as `other:alias`, sorted: Docker lists them in no order, and with the container's own name in each. */
export function linksOf({ hostConfig }: ContainerSpec): readonly string[] {
  const links = hostConfig['Links'];
  return (Array.isArray(links) ? links : [])
    .flatMap((link) =>
      typeof link === 'string'
        ? [`${link.split(':')[0]?.replace(/^\//, '') ?? ''}:${link.split('/').at(-1) ?? ''}`]
        : [],
    )
    .toSorted();
}
