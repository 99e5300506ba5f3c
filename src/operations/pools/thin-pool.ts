import type { DeviceMapper, MappedDevice, PoolTarget, TableLine } from '../../facts/host/device-mapper.ts';
import { deviceNamed, parsePoolStatus, parsePoolTable, tableText } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

const sectorBytes = 512;
export const metadataBlockBytes = 4096;

/** How much of its metadata device a pool can use (255 × 16320 blocks of 4 KiB), and where lvextend stops: the smaller of the two. */
export const mostMetadataBytes = 15.8125 * 1024 ** 3;

export interface PoolSizes {
  readonly data: number;
  readonly metadata: number;
}

/** The daemon's thin pool, active and unharmed. Full it may be: then it is to be grown. */
export interface ThinPool {
  readonly device: MappedDevice;
  readonly line: TableLine;
  readonly target: PoolTarget;
  readonly blockBytes: number;
  /** In bytes, as all that follows. */
  readonly now: PoolSizes;
  readonly used: PoolSizes;
  readonly full: boolean;
}

/** The pool's mapping, whatever state it is in; undefined when there is none, or it is no thin pool. */
export function poolMapping(
  docker: Docker,
  mapper: DeviceMapper,
): { readonly device: MappedDevice; readonly line: TableLine } | undefined {
  const device = deviceNamed(mapper, docker.driverStatus['Pool Name'] ?? '');
  const [line, ...more] = device?.table ?? [];
  return device === undefined || line?.target !== 'thin-pool' || line.start !== 0 || more.length > 0
    ? undefined
    : { device, line };
}

export function judgeThinPool(docker: Docker, mapper: DeviceMapper): ThinPool | Refusal {
  if (docker.driver !== 'devicemapper')
    return refuse(
      `the storage driver is ${docker.driver}, which has no thin pool`,
      "grow the file system below Docker's root directory instead",
    );
  const mapping = poolMapping(docker, mapper);
  const name = docker.driverStatus['Pool Name'] ?? '';
  if (mapping === undefined)
    return refuse(
      `the daemon's thin pool "${name}" is not active as one thin pool`,
      `look at it: ${byHand('dmsetup', 'table', name)}; is it mapped once more by something else?`,
    );
  const { device, line } = mapping;
  if (device.suspended)
    return refuse(
      `the thin pool ${name} is suspended, so everything that writes to a container hangs`,
      `when nobody is at work on it: ${byHand('dmsetup', 'resume', name)}`,
    );
  const [text = ''] = device.status;
  const status = parsePoolStatus(text);
  const repair = repairOf(docker);
  if (!('dataTotal' in status)) return refuse(`the thin pool ${name} has failed (${status.mode})`, repair);
  if (status.needsCheck)
    return refuse(
      `the thin pool ${name} asks to be checked (needs_check): its metadata may be damaged, and growing it would be refused or make that worse`,
      repair,
    );
  if (status.mode === 'ro') return refuse(`the thin pool ${name} is read-only`, repair);
  const target = parsePoolTable(line);
  const blockBytes = target.blockSectors * sectorBytes;
  return {
    device,
    line,
    target,
    blockBytes,
    now: { data: line.length * sectorBytes, metadata: status.metadataTotal * metadataBlockBytes },
    used: { data: status.dataUsed * blockBytes, metadata: status.metadataUsed * metadataBlockBytes },
    full: status.mode === 'out_of_data_space',
  };
}

function repairOf({ driverStatus }: Docker): string {
  const file = driverStatus['Metadata loop file'];
  const first =
    'see what has happened (dmesg: is the disk below the pool full, or broken?) and put that right; stop the containers and the daemon';
  if (file === undefined)
    return `${first}; repair the metadata with thin_check and thin_repair (lvconvert --repair where LVM owns the pool), and grow the pool then`;
  return `${first} (systemctl stop docker.socket docker); then ${byHand('thin_check', file)}; if it finds nothing wrong: ${byHand('thin_check', '--clear-needs-check-flag', file)}; otherwise ${byHand('thin_repair', '-i', file)} -o a new file, and put that in its place; start the daemon and the containers, and grow the pool then`;
}

/** The pool's table with another length, and everything else to the letter as it is. */
export function poolTable({ line }: ThinPool, bytes: number): string {
  return tableText({ ...line, length: bytes / sectorBytes });
}

/** What the kernel itself says of a pool's size: its mode, then blocks of metadata and of data. */
export function reportedSize(pool: ThinPool, sizes: PoolSizes): string {
  return ['rw', sizes.metadata / metadataBlockBytes, Math.floor(sizes.data / pool.blockBytes)].join(' ');
}

/** `data 2 GiB → 3 GiB, metadata 32 MiB → 48 MiB`; empty where neither grows. */
export function growthText(now: PoolSizes, after: PoolSizes): string {
  const part = (what: 'data' | 'metadata'): readonly string[] =>
    now[what] === after[what] ? [] : [`${what} ${formatBytes(now[what])} → ${formatBytes(after[what])}`];
  return [...part('data'), ...part('metadata')].join(', ');
}

export const reportScript = shell('operations/pools/report.sh');

/** Reasons that hold whatever the pool lies on. Neither part ever becomes smaller: a smaller pool does not start. */
export function judgeSizes(
  pool: ThinPool,
  wanted: PoolSizes,
  asked: { readonly data: boolean; readonly metadata: boolean },
): Refusal | undefined {
  const { device, now, used, full } = pool;
  if (wanted.metadata > mostMetadataBytes && wanted.metadata > now.metadata)
    return refuse(
      `a thin pool cannot use ${formatBytes(wanted.metadata)} of metadata`,
      'ask for 15.8GiB or less: that is enough for any pool',
    );
  if (full && wanted.data <= now.data)
    return refuse(
      `the thin pool ${device.name} is full (out_of_data_space), and only more room for data helps it`,
      'give size: as well',
    );
  const metadataLeft = Math.max(wanted.metadata, now.metadata) - used.metadata;
  if (asked.data && wanted.data > now.data && metadataLeft < leastMetadataBytes)
    return refuse(
      `the metadata of the thin pool ${device.name} is full but for ${String(metadataLeft / metadataBlockBytes)} blocks, so more room for data cannot be used`,
      'give metadata_size: as well',
    );
  return undefined;
}

/** The kernel keeps so much back for its own transactions. */
const leastMetadataBytes = 64 * metadataBlockBytes;
