import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { JsonObject } from '../../../values/json.ts';
import { isObject } from '../../../values/json.ts';
import { mountEntriesOf } from './mounts.ts';
import { assignedKeys, isEmpty } from './networks.ts';

/**
 * What becomes of a key of the Engine API's `POST /containers/create`: it is taken over as it is; it is composed anew, from
 * what docker inspect says of it and from what is asked; or there is nothing in it to be taken over, and why.
 */
export type KeyFate =
  'carried' | { readonly composed: string } | { readonly refused: string } | { readonly nothing: string };

const carried = (object: string, keys: string): Readonly<Record<string, KeyFate>> =>
  Object.fromEntries(keys.split(' ').map((key) => [`${object}.${key}`, 'carried']));
const entry = 'HostConfig.Mounts[]';
const endpoint = 'NetworkingConfig.EndpointsConfig.*';

/** Every key of API 1.24 to 1.55; one that has keys of its own stands for them, where these are not named. */
export const createBody: Readonly<Record<string, KeyFate>> = {
  ...carried(
    'Config',
    'ArgsEscaped AttachStderr AttachStdin AttachStdout Cmd Domainname Healthcheck OnBuild OpenStdin Shell StdinOnce StopSignal StopTimeout Tty User WorkingDir',
  ),
  'Config.Entrypoint': { composed: 'as it is; one that was cleared although the image has one is said as [""]' },
  'Config.Env': {
    composed: 'as it is, but for the variables that are asked for, and with another image those of the old one',
  },
  'Config.ExposedPorts': {
    composed: "as they are, and what is asked to be published; of another container's namespace none",
  },
  'Config.Hostname': {
    composed: "as it is, unless it is the short id, which Docker gives; with --uts host the host's",
  },
  'Config.Image': { composed: 'the same name, which must mean the same image; or what is asked for' },
  'Config.Labels': { composed: 'as they are, but for those that are asked for' },
  'Config.MacAddress': { composed: 'as it is; since 1.44 as that of the endpoint, where somebody has set it' },
  'Config.NetworkDisabled': { composed: 'as it is; where the daemon has no network of its own Docker says it itself' },
  'Config.Volumes': { composed: 'as they are; with another image without those of the old one' },
  ...carried(
    'HostConfig',
    'Annotations BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeight BlkioWeightDevice CapAdd CapDrop Capabilities Cgroup CgroupParent CgroupnsMode ConsoleSize ContainerIDFile CpuCount CpuPercent CpuRealtimePeriod CpuRealtimeRuntime CpuShares CpusetCpus CpusetMems DeviceCgroupRules DeviceRequests Devices DiskQuota GroupAdd IOMaximumBandwidth IOMaximumIOps Init IpcMode Isolation KernelMemory KernelMemoryTCP LogConfig MaskedPaths MemoryReservation MemorySwappiness NetworkMode OomKillDisable OomScoreAdj PidMode PidsLimit Privileged PublishAllPorts ReadonlyPaths ReadonlyRootfs Runtime SecurityOpt ShmSize Sysctls Tmpfs UTSMode Ulimits UsernsMode VolumeDriver VolumesFrom',
  ),
  'HostConfig.AutoRemove': { refused: 'Docker would remove the old container as soon as it is stopped' },
  'HostConfig.Binds': {
    composed: 'as they are, but for what is asked to be mounted, of which every mode that fits is kept',
  },
  'HostConfig.CpuPeriod': { composed: 'as it is, unless cpus: is asked for' },
  'HostConfig.CpuQuota': { composed: 'as it is, unless cpus: is asked for' },
  ...Object.fromEntries(
    ['Dns', 'DnsOptions', 'DnsSearch', 'ExtraHosts'].map((key) => [
      `HostConfig.${key}`,
      { composed: "as they are; of another container's namespace none" },
    ]),
  ),
  'HostConfig.Links': { composed: 'by the names of the others' },
  'HostConfig.Memory': { composed: 'as it is, or what is asked for' },
  'HostConfig.MemorySwap': {
    composed:
      'as it is; twice the memory, which Docker makes of it by itself, is left to Docker where memory: is asked for',
  },
  [`${entry}.Type`]: { composed: 'as it is, or that of what is asked for' },
  [`${entry}.Source`]: { composed: 'as it is, or what is asked for; of a volume without a name its id' },
  [`${entry}.Target`]: 'carried',
  [`${entry}.ReadOnly`]: { composed: 'as it is, unless read_only: is asked for' },
  [`${entry}.Consistency`]: 'carried',
  [`${entry}.VolumeOptions.NoCopy`]: { composed: 'as it is; set where another volume is mounted' },
  ...carried(`${entry}.VolumeOptions`, 'Labels DriverConfig Subpath'),
  ...carried(
    `${entry}.BindOptions`,
    'CreateMountpoint NonRecursive Propagation ReadOnlyForceRecursive ReadOnlyNonRecursive',
  ),
  ...carried(`${entry}.ImageOptions`, 'Subpath'),
  ...carried(`${entry}.TmpfsOptions`, 'Mode Options SizeBytes'),
  // No API documents it, but docker inspect shows it.
  ...carried(entry, 'ClusterOptions'),
  'HostConfig.NanoCpus': { composed: 'as it is, or what is asked for' },
  'HostConfig.NanoCPUs': { nothing: 'another spelling of NanoCpus, in the documentation of 1.27 only' },
  'HostConfig.PortBindings': { composed: 'as they are, but for what is asked for, and pin_ports' },
  'HostConfig.RestartPolicy': {
    composed: 'as it was, or what is asked for; it holds from the first start on',
  },
  'HostConfig.StorageOpt': { composed: 'as it is, but for the size that is asked for' },
  [`${endpoint}.Aliases`]: { composed: 'but for the short id and the host name, which Docker adds' },
  ...carried(endpoint, 'DriverOpts GwPriority IPAMConfig Links'),
  [`${endpoint}.MacAddress`]: { composed: 'where somebody has set it' },
  ...Object.fromEntries(
    assignedKeys.map((key) => [`${endpoint}.${key}`, { nothing: 'Docker gives it when it connects the container' }]),
  ),
};

/** The entry of the table that a key, or what it is a part of, has; undefined where it is not known. */
export function fateOfKey(key: string): KeyFate | undefined {
  for (let at = key; at !== ''; at = at.replace(/(\[\]|\.[^.[]*)$/, '')) {
    if (Object.hasOwn(createBody, at)) return createBody[at];
    if (!/[.[]/.test(at)) return undefined;
  }
  return undefined;
}

/** What the container has set and the table does not know: what it means, and whether it may be taken over, cannot be told. */
export function unknownKeys(spec: ContainerSpec): readonly string[] {
  const set = (at: string, object: JsonObject): readonly string[] =>
    Object.entries(object).flatMap(([key, value]) => {
      const name = `${at}.${key}`;
      if (isEmpty(value) || name === 'HostConfig.Mounts') return [];
      if (
        isObject(value) &&
        !Object.hasOwn(createBody, name) &&
        Object.keys(createBody).some((known) => known.startsWith(`${name}.`))
      )
        return set(name, value);
      return Object.hasOwn(createBody, name) ? [] : [name];
    });
  return [
    ...new Set([
      ...set('Config', spec.config),
      ...set('HostConfig', spec.hostConfig),
      ...mountEntriesOf(spec).flatMap((one) => set(entry, one)),
      ...Object.values(spec.networks).flatMap((one) => set(endpoint, one)),
    ]),
  ];
}
