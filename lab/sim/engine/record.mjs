// A container as Docker records it, from the body of `POST /containers/create`; and as the shell tools keep it.
import { createHash } from 'node:crypto';
import { sorted } from './template.mjs';

const config = {
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: ['sleep', '1000000'],
  Image: '',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
};
/** Only there when they have been given. */
const configOptional = [
  'ExposedPorts',
  'Healthcheck',
  'ArgsEscaped',
  'NetworkDisabled',
  'MacAddress',
  'StopSignal',
  'StopTimeout',
  'Shell',
];

const hostConfig = {
  Binds: null,
  ContainerIDFile: '',
  LogConfig: { Type: 'json-file', Config: {} },
  NetworkMode: 'default',
  PortBindings: {},
  RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
  AutoRemove: false,
  VolumeDriver: '',
  VolumesFrom: null,
  CapAdd: null,
  CapDrop: null,
  CgroupnsMode: 'private',
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  GroupAdd: null,
  IpcMode: 'private',
  Cgroup: '',
  Links: null,
  OomScoreAdj: 0,
  PidMode: '',
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  SecurityOpt: null,
  UTSMode: '',
  UsernsMode: '',
  ShmSize: 67108864,
  Runtime: 'runc',
  Isolation: '',
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: '',
  BlkioWeight: 0,
  BlkioWeightDevice: [],
  BlkioDeviceReadBps: null,
  BlkioDeviceWriteBps: null,
  BlkioDeviceReadIOps: null,
  BlkioDeviceWriteIOps: null,
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: '',
  CpusetMems: '',
  Devices: [],
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwap: 0,
  MemorySwappiness: null,
  OomKillDisable: null,
  PidsLimit: null,
  Ulimits: null,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
  MaskedPaths: [
    '/proc/asound',
    '/proc/acpi',
    '/proc/kcore',
    '/proc/keys',
    '/proc/latency_stats',
    '/proc/timer_list',
    '/proc/timer_stats',
    '/proc/sched_debug',
    '/proc/scsi',
    '/sys/firmware',
  ],
  ReadonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
};
const hostConfigOptional = ['Mounts', 'StorageOpt', 'Tmpfs', 'Sysctls', 'Init', 'Annotations'];
const byVersion = {
  20: { ConsoleSize: [0, 0], KernelMemory: 0, KernelMemoryTCP: 0 },
  28: { ConsoleSize: [0, 0] },
};
const networkOf = (hash, mac) => ({
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  NetworkID: hash,
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  MacAddress: mac ?? '',
  DriverOpts: null,
});

export class Refused extends Error {}
const isEmpty = (value) => value === undefined || value === null;

/** Refuses keys that it does not know: the real one ignores them, and a test would not see that. */
function known(where, given, ...lists) {
  for (const key of Object.keys(given))
    if (!lists.some((list) => list.includes(key))) throw new Refused(`sim: unknown key of ${where}: ${key}`);
}

/**
 * The static part of inspect: everything but State, GraphDriver and what a name changes.
 * `volumesRoot` is Docker's directory of volumes as the host calls it.
 */
export function recordOf(body, { id, image, version, volumesRoot, host }) {
  const { HostConfig: givenHost = {}, NetworkingConfig: givenNetworks = {}, ...given } = body;
  const more = byVersion[String(version).startsWith('28.') ? 28 : 20];
  known('the configuration', given, Object.keys(config), configOptional, ['Hostname']);
  known('HostConfig', givenHost ?? {}, Object.keys(hostConfig), hostConfigOptional, Object.keys(more), [
    'KernelMemory',
    'KernelMemoryTCP',
  ]);
  const chosen = (defaults, values, optional) =>
    Object.fromEntries([
      ...Object.entries(defaults).map(([key, value]) => [key, values[key] === undefined ? value : values[key]]),
      ...optional.flatMap((key) => (isEmpty(values[key]) || values[key] === '' ? [] : [[key, values[key]]])),
    ]);
  const own = { Hostname: given.Hostname || id.slice(0, 12), ...chosen(config, given, configOptional) };
  own.Labels = given.Labels ?? {};
  if (isEmpty(given.Env) || given.Env.length === 0) own.Env = config.Env;
  else if (!given.Env.some((each) => each.startsWith('PATH='))) own.Env = [...given.Env, ...config.Env];
  // An entry point of one empty word clears the image's; the lab's image has none.
  if (Array.isArray(own.Entrypoint) && own.Entrypoint.length === 1 && own.Entrypoint[0] === '') own.Entrypoint = null;
  if (isEmpty(own.Cmd) && own.Entrypoint === null) own.Cmd = config.Cmd;
  const onHost = chosen(
    { ...hostConfig, ...more },
    Object.fromEntries(
      Object.entries(givenHost ?? {}).filter(
        ([key, value]) =>
          !(
            isEmpty(value) &&
            ['LogConfig', 'RestartPolicy', 'PortBindings', 'MaskedPaths', 'ReadonlyPaths'].includes(key)
          ),
      ),
    ),
    hostConfigOptional,
  );
  if (onHost.NetworkMode === '') onHost.NetworkMode = 'default';
  if (onHost.ShmSize === 0) onHost.ShmSize = hostConfig.ShmSize;
  if (onHost.Runtime === '') onHost.Runtime = hostConfig.Runtime;
  if (onHost.IpcMode === '') onHost.IpcMode = hostConfig.IpcMode;
  if (onHost.CgroupnsMode === '') onHost.CgroupnsMode = hostConfig.CgroupnsMode;
  if (onHost.RestartPolicy.Name === '') onHost.RestartPolicy = { ...onHost.RestartPolicy, Name: 'no' };
  if (onHost.LogConfig.Type === '') onHost.LogConfig = { Type: 'json-file', Config: onHost.LogConfig.Config ?? {} };
  const mounts = mountsOf(own, onHost, volumesRoot, id);
  return {
    Image: image,
    Config: own,
    HostConfig: onHost,
    Mounts: mounts,
    NetworkSettings: {
      Ports: portsOf(own, onHost),
      Networks: networksOf(givenNetworks?.EndpointsConfig ?? {}, onHost, host, own),
    },
  };
}

/** As while it runs; a port that was left to chance gets one by its place. */
function portsOf({ ExposedPorts = {} }, { PortBindings }) {
  const names = [...new Set([...Object.keys(ExposedPorts), ...Object.keys(PortBindings ?? {})])].sort();
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      (PortBindings?.[name] ?? []).map(({ HostIp, HostPort }) => ({
        HostIp: HostIp || '0.0.0.0',
        HostPort: HostPort || String(32768 + index),
      })),
    ]),
  );
}

const sha = (...words) => createHash('sha256').update(words.join('\0')).digest('hex');

function networksOf(endpoints, { NetworkMode }, host, { MacAddress }) {
  const networks = {};
  const main = NetworkMode === 'default' ? 'bridge' : NetworkMode;
  if (!main.startsWith('container:')) networks[main] = networkOf(sha(host, 'network', main), MacAddress);
  for (const [name, given] of Object.entries(endpoints)) {
    const key = name === 'default' ? 'bridge' : name;
    networks[key] = {
      ...networkOf(sha(host, 'network', key), MacAddress),
      ...Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => !isEmpty(value))),
    };
  }
  return networks;
}

/** As docker inspect shows mounts, in the order of their destinations. Volumes without a name get one. */
function mountsOf(own, onHost, volumesRoot, id) {
  const mounts = new Map();
  const volume = (name, destination, writable, mode, driver = 'local') => ({
    Type: 'volume',
    Name: name,
    Source: `${volumesRoot}/${name}/_data`,
    Destination: destination,
    Driver: driver,
    Mode: mode,
    RW: writable,
    Propagation: '',
  });
  const add = (mount) => {
    if (mounts.has(mount.Destination)) throw new Refused(`Duplicate mount point: ${mount.Destination}`);
    if (/[\s=]/.test(mount.Destination)) throw new Refused(`sim: unsupported destination: ${mount.Destination}`);
    mounts.set(mount.Destination, mount);
  };
  for (const bind of onHost.Binds ?? []) {
    const [source = '', destination = '', mode = ''] = bind.split(':');
    const writable = !mode.split(',').includes('ro');
    if (source.startsWith('/'))
      add({
        Type: 'bind',
        Source: source,
        Destination: destination,
        Mode: mode,
        RW: writable,
        Propagation: 'rprivate',
      });
    else add(volume(source, destination, writable, mode || 'z'));
  }
  for (const { Type, Source, Target, ReadOnly, BindOptions, VolumeOptions, ...rest } of onHost.Mounts ?? []) {
    if (Object.keys(rest).some((key) => !['Consistency', 'TmpfsOptions'].includes(key)))
      throw new Refused(`sim: unknown keys of a mount: ${Object.keys(rest).join()}`);
    if (Type === 'volume')
      add(volume(Source || sha(id, Target), Target, ReadOnly !== true, 'z', VolumeOptions?.DriverConfig?.Name));
    else if (Type === 'bind')
      add({
        Type,
        Source,
        Destination: Target,
        Mode: '',
        RW: ReadOnly !== true,
        Propagation: BindOptions?.Propagation ?? 'rprivate',
      });
    else if (Type === 'tmpfs') add({ Type, Source: '', Destination: Target, Mode: '', RW: true, Propagation: '' });
    else throw new Refused(`invalid mount config for type "${Type}": mount type unknown`);
  }
  for (const destination of Object.keys(own.Volumes ?? {}))
    if (!mounts.has(destination)) add(volume(sha(id, destination), destination, true, ''));
  return [...mounts.values()];
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
/** JSON in which no text can be taken for a template action. */
export const literalJson = (value) =>
  JSON.stringify(sorted(value)).replace(/"(?:[^"\\]|\\.)*"/g, (text) => text.replaceAll('{', '\\u007b'));

const commandOf = ({ Entrypoint, Cmd }) => [...(Entrypoint ?? []), ...(Cmd ?? [])];
const word = /^[\w.-]+$/;

/** One line for each value that the shell tools print: `f_HostConfig_Memory='0'`. */
export function linesOf(record) {
  const { Config, HostConfig, Mounts, NetworkSettings, Image } = record;
  const fields = Object.entries({ Config, HostConfig, NetworkSettings }).flatMap(([where, values]) =>
    Object.entries(values).map(([key, value]) => [`f_${where}_${key}`, literalJson(value)]),
  );
  const volumes = Mounts.filter(({ Type }) => Type === 'volume').map(({ Name, Destination, RW, Driver }) => {
    if (!word.test(Name) || Driver !== 'local') throw new Refused(`sim: unsupported volume: ${Name} of ${Driver}`);
    return `${Name}=${Destination}=${RW ? 'rw' : 'ro'}`;
  });
  // The program of the simulated image: it writes a line when it starts and when it is stopped.
  const program = Array.isArray(Config.Cmd) && Config.Cmd[0] === 'append' ? String(Config.Cmd[1]) : '';
  const lines = [
    ['c_Volumes', volumes.join(' ')],
    ['c_Appends', program],
    ['f_Image', literalJson(Image)],
    ['f_Path', literalJson(commandOf(Config)[0] ?? '')],
    ['f_Args', literalJson(commandOf(Config).slice(1))],
    ['f_Mounts', literalJson(Mounts)],
    ['f_RestartPolicyName', literalJson(HostConfig.RestartPolicy.Name)],
    ...fields,
  ];
  return lines.map(([key, value]) => `${key}=${quoted(value)}\n`).join('');
}

/** The template of the whole inspect of a container with these keys. */
export function detailsOf({ Config, HostConfig, NetworkSettings }, created) {
  const holes = (where, values) =>
    `{${Object.keys(values)
      .map((key) => `"${key}":{{json .${where}.${key}}}`)
      .join(',')}}`;
  return `{"Id":{{json .ID}},"Created":${JSON.stringify(created)},"Path":{{json .Path}},"Args":{{json .Args}},"State":{{json .State}},"Image":{{json .Image}},"ResolvConfPath":"","HostnamePath":"","HostsPath":"","LogPath":"","Name":{{json .Name}},"RestartCount":0,"Driver":{{json .Driver}},"Platform":"linux","MountLabel":"","ProcessLabel":"","AppArmorProfile":"docker-default","ExecIDs":null,"HostConfig":${holes('HostConfig', HostConfig)},"GraphDriver":{"Data":{{json .GraphDriver.Data}},"Name":{{json .Driver}}},"Mounts":{{json .Mounts}},"Config":${holes('Config', Config)},"NetworkSettings":${holes('NetworkSettings', NetworkSettings)}}`;
}
