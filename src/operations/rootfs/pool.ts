import type { MappedDevice, WorkingPool } from '../../facts/host/device-mapper.ts';
import { parsePoolStatus, parsePoolTable } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import { byHand } from '../../values/shell.ts';

/** Room in a thin pool that is fit to be used. */
export interface Pool {
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly blockBytes: number;
  /** What it does with what a file system gives back; null where its kernel does not say. */
  readonly discard: WorkingPool['discard'];
  /** Why nothing may grow on it, where it has less free than Docker's own minimum. */
  readonly short: Refusal | undefined;
}

/** Docker's own threshold for new devices, `dm.min_free_space`, unless the daemon was told another. */
const minimumFree = 0.1;

/** A pool that works and is unharmed. What grows on it has to ask whether it is `short`, too. */
export function judgePool(device: MappedDevice, docker: Docker): { readonly pool: Pool } | Refusal {
  const [table] = device.table;
  const [line] = device.status;
  if (table === undefined || line === undefined || device.suspended) {
    return refuse(
      `the thin pool ${device.name} is not active`,
      `look at it first: ${byHand('dmsetup', 'info', device.name)}`,
    );
  }
  const status = parsePoolStatus(line);
  if (status.mode !== 'rw') {
    const remedy =
      status.mode === 'out_of_data_space'
        ? 'grow the pool first'
        : 'the pool must be repaired first: see thin_check and thin_repair';
    return refuse(`the thin pool ${device.name} is in state ${status.mode}`, remedy);
  }
  if (status.needsCheck) {
    return refuse(
      `the thin pool ${device.name} asks to be checked (needs_check)`,
      'repair it first: see thin_check and thin_repair',
    );
  }
  const blockBytes = parsePoolTable(table).blockSectors * 512;
  const totalBytes = status.dataTotal * blockBytes;
  const freeBytes = (status.dataTotal - status.dataUsed) * blockBytes;
  const short = judgeRoom(device.name, status, { freeBytes, totalBytes }, docker);
  return { pool: { freeBytes, totalBytes, blockBytes, discard: status.discard, short } };
}

/** XFS hangs its writers when the pool below it is full (moby#20707), so what grows stays above Docker's own minimum, in data and metadata. */
function judgeRoom(
  name: string,
  { metadataUsed, metadataTotal }: WorkingPool,
  { freeBytes, totalBytes }: Pick<Pool, 'freeBytes' | 'totalBytes'>,
  docker: Docker,
): Refusal | undefined {
  const wanted = parseDecimal(docker.driverStatus['Thin Pool Minimum Free Space']) ?? totalBytes * minimumFree;
  if (freeBytes < wanted) {
    return refuse(
      `the thin pool ${name} has only ${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free, less than Docker's minimum of ${formatBytes(Math.round(wanted))}`,
      'grow the pool or free space in it first: a full pool makes every container on it hang',
    );
  }
  if (metadataTotal - metadataUsed >= metadataTotal * minimumFree) return undefined;
  return refuse(
    `the metadata of the thin pool ${name} is nearly full (${String(metadataUsed)} of ${String(metadataTotal)} blocks)`,
    "grow the pool's metadata first",
  );
}

/** Docker's display of sizes, which counts in powers of 1000: `214.7MB`. */
function parseDecimal(text: string | undefined): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(B|kB|MB|GB|TB|PB)$/.exec(text ?? '') ?? [];
  if (number === undefined || unit === undefined) return undefined;
  return Number(number) * 1000 ** ['B', 'kB', 'MB', 'GB', 'TB', 'PB'].indexOf(unit);
}
