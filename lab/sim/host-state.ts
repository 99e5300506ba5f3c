import { createHash } from 'node:crypto';
import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { dirname, join } from 'node:path';
import { quote } from '../../src/values/shell.ts';
import { flavourOf, infoTemplate, infoWithoutDaemon } from './docker-info.ts';
import { detailsOf, linesOf, literalJson, recordOf } from './engine/record.mjs';
import type { ContainerSpec, HostKind, HostSpec } from './spec.ts';
import { ext4BlockSize, superblock, xfsGroupBlocks } from './superblock.ts';

const gib = 1024 ** 3;
const dockerRoot = '/var/lib/docker';
/** Above every pid that a Linux kernel gives, so that none of them exists. */
const firstPid = 9_000_000_001;
/** What a small image's files take on a thin device, as on the virtual machines. */
const files = { xfs: 22_669_886, ext4: 6_212_608 };

/** How a kind of pool is named, numbered and divided. */
interface PoolShape {
  readonly name: string;
  readonly minor: number;
  readonly blockSectors: number;
  readonly containerBlocks: number;
  readonly sharedBlocks: number;
  readonly metadataUsed: number;
  readonly metadataTotal: number;
}

const prefix = 'docker-254:0-10816';
const loopPool: PoolShape = {
  name: `${prefix}-pool`,
  minor: 0,
  blockSectors: 128,
  containerBlocks: 1130,
  sharedBlocks: 114,
  metadataUsed: 847,
  metadataTotal: 8192,
};
const lvmPool: PoolShape = {
  name: 'docker-thinpool',
  minor: 2,
  blockSectors: 1024,
  containerBlocks: 145,
  sharedBlocks: 25,
  metadataUsed: 422,
  metadataTotal: 4096,
};

/** In the volume group of an LVM pool, as on the virtual machine. */
const lvmFreeBytes = 1_505_755_136;

/** Files by path below the host's directory; a value that starts with `->` is a symbolic link. */
type Tree = Map<string, string | Buffer>;

const hex = (...words: readonly string[]): string => createHash('sha256').update(words.join('\0')).digest('hex');
const uuidOf = (text: string): string =>
  hex(text)
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

function isDevicemapper(spec: HostSpec): boolean {
  return flavourOf(spec).driver === 'devicemapper';
}

/** Writes a host as it stands before the first command: `root/` is its root directory, `state/` its memory. */
export async function writeHost(directory: string, spec: HostSpec): Promise<void> {
  const tree: Tree = new Map();
  const containers = (spec.containers ?? []).map((container, index) => ({
    ...container,
    index,
    id: hex(spec.name, container.name, 'container'),
    hash: hex(spec.name, container.name, 'layer'),
  }));
  addDaemon(tree, spec);
  if (isDevicemapper(spec)) addDevices(tree, spec, containers);
  else addLayers(tree, spec, containers);
  for (const container of containers) addContainer(tree, spec, container);
  // What has happened so far: those that run were started.
  tree.set(
    'state/events',
    containers
      .filter(runs)
      .map(
        ({ id, name, volumes = {} }) =>
          `start ${id} ${name} ${Object.entries(volumes)
            .map(([volume, at]) => `${volume}=${at}=rw`)
            .join(' ')}\n`,
      )
      .join(''),
  );
  addVolumes(tree, spec, containers.filter(({ bytes }) => bytes !== undefined).length);
  tree.set(
    'state/order',
    containers
      .map(({ id }) => `${id}\n`)
      .reverse()
      .join(''),
  );

  const directories = [
    'root/dev/mapper',
    'root/etc',
    'root/proc/self',
    'root/root',
    'root/run',
    'root/var/lib',
    `root${dockerRoot}/tmp`,
    'state/dm',
    'state/thin',
    'state/quota',
    'state/projects',
    'state/faults',
    'state/daemon/sizes',
    'state/daemon/volumes',
    'state/daemon/projects',
    'state/volumes',
    'state/containers',
    'state/images',
    `root${dockerRoot}/volumes`,
    `root${dockerRoot}/containers`,
  ];
  const all = new Set([
    ...directories,
    ...(flavourOf(spec).driver === 'overlay2' ? [`root${dockerRoot}/overlay2`] : []),
    ...(spec.volumes ?? []).map(({ name }) => `root${dockerRoot}/volumes/${name}/_data`),
    ...[...tree.keys()].map(dirname),
  ]);
  for (const each of all) await mkdir(join(directory, each), { recursive: true });
  await Promise.all(
    [...tree].map(([path, content]) =>
      typeof content === 'string' && content.startsWith('->')
        ? symlink(content.slice(2), join(directory, path))
        : writeFile(join(directory, path), content, {
            mode:
              path.includes('/metadata/') || path.endsWith('/opts.json') || path.endsWith('/config.v2.json')
                ? 0o600
                : 0o644,
          }),
    ),
  );
  // The daemon has read them when it started.
  for (const path of tree.keys())
    if (path.endsWith('/opts.json')) await utimes(join(directory, path), created, created);
}

const created = new Date('2026-01-05T08:15:00Z');

interface Placed extends ContainerSpec {
  readonly index: number;
  readonly id: string;
  readonly hash: string;
}

const runs = ({ running = true }: ContainerSpec): boolean => running;
const pidOf = ({ index }: Placed): number => firstPid + index;
/** Docker makes an `-init` layer before each container's own; base and image come first. */
const thinIdOf = ({ index }: Placed): number => 4 + 2 * index;
const fileSystemOf = (kind: HostKind): 'xfs' | 'ext4' => (kind === 'dm-ext4' ? 'ext4' : 'xfs');

function addDaemon(tree: Tree, spec: HostSpec): void {
  const { version, driver, driverStatus } = flavourOf(spec);
  const pool = poolShape(spec.kind);
  const lvm = spec.kind === 'dm-lvm';
  const loop = `${dockerRoot}/devicemapper/devicemapper`;
  const loopFiles = [
    ['Data file', '/dev/loop0'],
    ['Metadata file', '/dev/loop1'],
    ['Data loop file', `${loop}/data`],
    ['Metadata loop file', `${loop}/metadata`],
  ]
    .map((each) => `${JSON.stringify(each)},`)
    .join('');
  const variables = {
    HOST: spec.name,
    KIND: spec.kind,
    DRIVER: driver,
    FS: fileSystemOf(spec.kind),
    VERSION: version,
    ROOT: dockerRoot,
    PREFIX: prefix,
    POOL: pool.name,
    POOLNUM: `253:${String(pool.minor)}`,
    POOL_FILES: lvm ? '' : loopFiles,
    BLOCK: String(pool.blockSectors),
    READ_AHEAD: spec.kind === 'dm-lvm' ? '2048' : '256',
    BASE: String(Math.min(10 * gib, ...(spec.containers ?? []).map(({ bytes }) => bytes ?? 10 * gib))),
    META_USED: String(pool.metadataUsed),
    TRANSACTION: String(2 + 2 * (spec.containers ?? []).length),
    DRIVER_STATUS: literalJson(driverStatus),
    IMAGE_LAYER: hex(spec.name, 'image'),
  };
  tree.set(
    'state/host',
    Object.entries(variables)
      .map(([key, value]) => `${key}=${quote(value)}\n`)
      .join(''),
  );
  tree.set('state/info', `${infoTemplate(spec)}\n`);
  tree.set('state/info-down', `${infoWithoutDaemon(spec)}\n`);
  tree.set(
    'state/info-id',
    `${hex(spec.name, 'id')
      .toUpperCase()
      .slice(0, 48)
      .replace(/(.{4})(?=.)/g, '$1:')}\n`,
  );
  tree.set('state/daemon/status', 'active\n');
  tree.set('state/daemon/live-restore', `${String(spec.liveRestore ?? true)}\n`);
  tree.set('state/next-pid', `${String(firstPid + (spec.containers ?? []).length)}\n`);
  tree.set('state/next-mount', '76\n');
  tree.set('state/host-space', `${String(50 * gib)} ${String(spec.hostUsedBytes ?? 9 * gib)}\n`);
  tree.set('root/proc/self/status', 'CapEff:\t000001ffffffffff\n');
  const { sudo = 'root' } = spec;
  tree.set('state/sudo', `${typeof sudo === 'object' ? 'password' : sudo}\n`);
  if (typeof sudo === 'object') tree.set('state/sudo-password', `${sudo.password}\n`);
  if (spec.kind === 'no-docker') return;
  const dockerd = String(firstPid - 1);
  tree.set('root/run/docker.pid', `${dockerd}\n`);
  tree.set(`root/proc/${dockerd}/cmdline`, '/usr/sbin/dockerd\0-H\0fd://\0');
  if (isDevicemapper(spec))
    tree.set(
      'root/etc/docker/daemon.json',
      `${JSON.stringify({ 'live-restore': spec.liveRestore ?? true, 'storage-driver': 'devicemapper', 'storage-opts': [`dm.fs=${fileSystemOf(spec.kind)}`, `dm.basesize=${variables.BASE}`] }, null, 2)}\n`,
    );
  tree.set(
    `root/proc/${dockerd}/stat`,
    `${dockerd} (dockerd) S 1${' 0'.repeat(17)} ${String(Math.floor(uptime() * 100))} 0\n`,
  );
}

function poolShape(kind: HostKind): PoolShape {
  return kind === 'dm-lvm' ? lvmPool : loopPool;
}

const rootMount = '23 1 254:0 / / rw,noatime shared:1 - ext4 /dev/vda rw\n';

function addDevices(tree: Tree, spec: HostSpec, containers: readonly Placed[]): void {
  const pool = poolShape(spec.kind);
  const kind = fileSystemOf(spec.kind);
  const { dataBytes, usedPercent } = spec.pool ?? { dataBytes: 100 * gib };
  const sectors = dataBytes / 512;
  const addDevice = (
    name: string,
    minor: number,
    table: string,
    extra: Readonly<Record<string, string>> = {},
  ): void => {
    for (const [file, value] of Object.entries({ number: `253:${String(minor)}`, table, ...extra }))
      tree.set(`state/dm/${name}/${file}`, `${value}\n`);
  };
  tree.set('state/meta-total', `${String(pool.metadataTotal)}\n`);
  tree.set('state/pool-sectors', `${String(sectors)}\n`);
  if (spec.kind === 'dm-lvm') {
    tree.set(
      'state/lvm',
      `data=${String(dataBytes)} meta=${String(pool.metadataTotal * 4096)} spare=${String(pool.metadataTotal * 4096)} free=${String(lvmFreeBytes)}\n`,
    );
    const uuid = (part: string): string =>
      `LVM-${hex(spec.name, 'vg').slice(0, 32)}${hex(spec.name, part).slice(0, 32)}-${part}`;
    addDevice(
      'docker-thinpool_tmeta',
      0,
      `0 ${String(pool.metadataTotal * 8)} linear 254:32 ${String(2048 + sectors)}`,
      { uuid: uuid('tmeta') },
    );
    addDevice('docker-thinpool_tdata', 1, `0 ${String(sectors)} linear 254:32 2048`, { uuid: uuid('tdata') });
    addDevice(
      pool.name,
      pool.minor,
      `0 ${String(sectors)} thin-pool 253:0 253:1 ${String(pool.blockSectors)} 0 1 skip_block_zeroing`,
      { uuid: uuid('tpool') },
    );
  } else {
    // A file is represented by its size, so that a host may be copied.
    for (const [number, name, bytes] of [
      ['0', 'data', dataBytes],
      ['1', 'metadata', pool.metadataTotal * 4096],
    ] as const) {
      tree.set(`root${dockerRoot}/devicemapper/devicemapper/${name}`, `${String(bytes)}\n`);
      tree.set(`state/loop/${number}`, `${String(bytes)}\n`);
    }
    addDevice(
      pool.name,
      pool.minor,
      `0 ${String(sectors)} thin-pool 7:1 7:0 ${String(pool.blockSectors)} 32768 1 skip_block_zeroing`,
      { events: '1' },
    );
  }

  const metadata = `root${dockerRoot}/devicemapper/metadata`;
  const own = containers.length * pool.containerBlocks;
  const shared =
    usedPercent === undefined
      ? pool.sharedBlocks
      : Math.max(pool.sharedBlocks, Math.floor(((sectors / pool.blockSectors) * usedPercent) / 100) - own);
  const addThin = (
    id: number,
    hash: string,
    bytes: number,
    blocks: number,
    { grownBytes: grown = bytes, removedBytes = 0 }: Pick<ContainerSpec, 'grownBytes' | 'removedBytes'> = {},
  ): void => {
    const removed = Math.ceil(removedBytes / (pool.blockSectors * 512));
    const blockSize = kind === 'xfs' ? 4096 : ext4BlockSize(bytes);
    const values = {
      kind,
      bytes: String(Math.floor(grown / blockSize) * blockSize),
      block: String(blockSize),
      group: String(xfsGroupBlocks(bytes)),
      files: String(files[kind]),
      blocks: String(blocks + removed),
      ...(removed === 0 ? {} : { removed: String(removed) }),
    };
    for (const [file, value] of Object.entries(values)) tree.set(`state/thin/${String(id)}/${file}`, `${value}\n`);
    tree.set(
      `state/thin/${String(id)}/superblock`,
      superblock(kind, grown, uuidOf(`${spec.name}${String(id)}`), blockSize),
    );
    tree.set(
      `${metadata}/${hash}`,
      JSON.stringify({ device_id: id, size: bytes, transaction_id: id, initialized: id === 1, deleted: false }),
    );
    tree.set(`state/daemon/sizes/${hash}`, `${String(bytes)}\n`);
  };
  const smallest = Math.min(10 * gib, ...containers.map(({ bytes }) => bytes ?? 10 * gib));
  addThin(1, 'base', smallest, 0);
  addThin(2, hex(spec.name, 'image'), smallest, shared);
  const mounts: string[] = [rootMount];
  let minor = pool.minor;
  for (const container of containers) {
    const bytes = container.bytes ?? 10 * gib;
    const id = thinIdOf(container);
    addThin(id - 1, `${container.hash}-init`, bytes, 0);
    addThin(id, container.hash, bytes, pool.containerBlocks, container);
    if (!runs(container)) continue;
    minor += 1;
    const name = `${prefix}-${container.hash}`;
    addDevice(
      name,
      minor,
      `0 ${String((container.grownBytes ?? bytes) / 512)} thin 253:${String(pool.minor)} ${String(id)}`,
    );
    // Relative to the link, so that the fleet's directory may be anywhere.
    tree.set(`root/dev/mapper/${name}`, `->../../../state/thin/${String(id)}/superblock`);
    const options = kind === 'xfs' ? 'rw,nouuid,attr2,inode64,logbufs=8,logbsize=32k,noquota' : 'rw,stripe=64';
    mounts.push(
      `${String(50 + minor)} 23 253:${String(minor)} / ${dockerRoot}/devicemapper/mnt/${container.hash} rw,relatime shared:${String(30 + minor)} - ${kind} /dev/mapper/${name} ${options}\n`,
    );
    tree.set(`root${dockerRoot}/devicemapper/mnt/${container.hash}/.keep`, '');
    tree.set(
      `root/proc/${String(pidOf(container))}/mountinfo`,
      `104 82 253:${String(minor)} /rootfs / rw,relatime master:38 - ${kind} /dev/mapper/${name} rw\n`,
    );
  }
  const last = containers.at(-1);
  tree.set(
    `${metadata}/deviceset-metadata`,
    JSON.stringify({ next_device_id: 1, BaseDeviceUUID: uuidOf(`${spec.name}base`), BaseDeviceFilesystem: kind }),
  );
  tree.set(
    `${metadata}/transaction-metadata`,
    JSON.stringify({
      open_transaction_id: last === undefined ? 2 : thinIdOf(last),
      device_hash: last?.hash ?? '',
      device_id: last === undefined ? 2 : thinIdOf(last),
    }),
  );
  tree.set('root/proc/self/mountinfo', mounts.join(''));
}

function addLayers(tree: Tree, spec: HostSpec, containers: readonly Placed[]): void {
  const quotas = spec.kind === 'overlay2-pquota';
  const dockerMount = `30 23 254:16 / ${dockerRoot} rw,relatime shared:20 - xfs /dev/vdb rw,${spec.docker === '28.5' ? '' : 'attr2,'}inode64,logbufs=8,logbsize=32k,prjquota\n`;
  tree.set(
    'root/proc/self/mountinfo',
    `${rootMount}${quotas ? dockerMount : ''}40 23 0:25 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw\n`,
  );
  if (quotas) tree.set('state/quota/0', '2236 0 0\n');
  let project = 2;
  for (const container of containers) {
    tree.set(`root${dockerRoot}/overlay2/${container.hash}/diff/.keep`, '');
    if (runs(container))
      tree.set(
        `root/proc/${String(pidOf(container))}/mountinfo`,
        `104 82 0:50 / / rw,relatime master:38 - overlay overlay rw,upperdir=${dockerRoot}/overlay2/${container.hash}/diff\n`,
      );
    if (!quotas || container.bytes === undefined) continue;
    const limit = String(container.bytes / 1024);
    // The -init layer has a project of its own with the same limit.
    tree.set(`state/quota/${String(project)}`, `8 ${limit} ${limit}\n`);
    tree.set(`state/quota/${String(project + 1)}`, `4108 ${limit} ${limit}\n`);
    tree.set(`state/projects/${container.hash}`, `${String(project + 1)}\n`);
    project += 2;
  }
}

function addContainer(tree: Tree, spec: HostSpec, container: Placed): void {
  const { driver, version } = flavourOf(spec);
  const running = runs(container);
  const sized = driver === 'overlay2' && container.bytes !== undefined;
  const body = {
    Image: 'busybox:lab',
    Labels: container.labels ?? {},
    ...(container.appends === undefined ? {} : { Cmd: ['append', container.appends] }),
    ...container.config,
    HostConfig: {
      ...(container.volumes === undefined
        ? {}
        : { Binds: Object.entries(container.volumes).map(([name, at]) => `${name}:${at}`) }),
      ...(sized ? { StorageOpt: { size: container.storageOpt ?? String(container.bytes) } } : {}),
      RestartPolicy: { Name: container.restart ?? 'no', MaximumRetryCount: 0 },
    },
  };
  const record = recordOf(body, {
    id: container.id,
    image: `sha256:${hex(spec.name, 'image-id')}`,
    version,
    volumesRoot: `${dockerRoot}/volumes`,
    host: spec.name,
  });
  const names = { ID: container.id, Id: container.id, Name: `/${container.name}`, Driver: driver };
  const fields = Object.entries(names)
    .map(([key, value]) => `f_${key}=${quote(literalJson(value))}\n`)
    .join('');
  const at = `state/containers/${container.id}`;
  tree.set(
    `${at}/static`,
    `c_Name='${container.name.replaceAll("'", `'\\''`)}'\nc_Hash=${container.hash}\nc_Device=${String(thinIdOf(container))}\n${fields}${linesOf(record)}`,
  );
  const state = running
    ? {
        Status: '"running"',
        Running: 'true',
        Pid: String(pidOf(container)),
        StartedAt: '"2026-01-05T08:15:30.123456789Z"',
        FinishedAt: '"0001-01-01T00:00:00Z"',
        ExitCode: '0',
      }
    : {
        Status: '"exited"',
        Running: 'false',
        Pid: '0',
        StartedAt: '"2026-01-05T08:15:30.123456789Z"',
        FinishedAt: '"2026-01-06T08:15:30.123456789Z"',
        ExitCode: '0',
      };
  tree.set(
    `${at}/dynamic`,
    `${Object.entries({ ...state, Paused: 'false', Error: '""' })
      .map(([key, value]) => `f_State_${key}=${quote(value)}\n`)
      .join('')}c_ByHand=\n`,
  );
  const mounts = Object.fromEntries(
    Object.entries(container.volumes ?? {}).map(([volume, Destination]) => [
      Destination,
      { Source: '', Destination, RW: true, Name: volume, Driver: 'local' },
    ]),
  );
  tree.set(
    `root${dockerRoot}/containers/${container.id}/config.v2.json`,
    `${JSON.stringify({ ID: container.id, Name: `/${container.name}`, Driver: driver, MountPoints: mounts })}\n`,
  );
  tree.set(`${at}/details`, `${detailsOf(record, '2026-01-05T08:15:29.5Z')}\n`);
  if (container.writes !== undefined) tree.set(`${at}/changes`, container.writes.map((line) => `${line}\n`).join(''));
}

/** As they are after their first mount: with a project and its limit, if they have a size. */
function addVolumes(tree: Tree, spec: HostSpec, sizedContainers: number): void {
  const { name: host, volumes = [] } = spec;
  const { driver } = flavourOf(spec);
  tree.set(`state/images/${hex(host, 'image-id')}`, 'busybox:lab\n');
  if (driver !== 'none')
    tree.set(`root${dockerRoot}/image/${driver}/imagedb/content/sha256/${hex(host, 'image-id')}`, '{}\n');
  tree.set('state/next-container', '1\n');
  let project = 2 + 2 * sizedContainers;
  for (const volume of volumes) {
    const at = `root${dockerRoot}/volumes/${volume.name}`;
    const options = volume.bytes === undefined ? null : { size: volume.size ?? String(volume.bytes) };
    for (const [path, content] of Object.entries(volume.files ?? {})) tree.set(`${at}/_data/${path}`, content);
    tree.set(
      `state/volumes/${volume.name}`,
      `f_Labels=${quote(literalJson(volume.labels ?? {}))} f_Options=${quote(literalJson(options))} f_CreatedAt='"2026-01-05T08:15:00Z"'\n`,
    );
    if (volume.bytes === undefined) continue;
    tree.set(
      `${at}/opts.json`,
      JSON.stringify({ MountType: '', MountOpts: '', MountDevice: '', Quota: { Size: volume.bytes } }),
    );
    const limit = String(volume.bytes / 1024);
    tree.set(`state/quota/${String(project)}`, `0 ${limit} ${limit}\n`);
    tree.set(`state/projects/volume:${volume.name}`, `${String(project)}\n`);
    tree.set(`state/daemon/projects/${volume.name}`, `${String(project)}\n`);
    tree.set(`state/daemon/volumes/${volume.name}`, `${String(volume.bytes)}\n`);
    project += 1;
  }
  tree.set('state/next-project', `${String(project)}\n`);
}
