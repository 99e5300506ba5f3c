import { tableText } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { LoopDevice, LoopPool } from '../../facts/pools/loop-pool.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action } from '../engine/change.ts';
import type { PoolSizes, ThinPool } from './thin-pool.ts';
import { judgeSizes, metadataBlockBytes, poolTable } from './thin-pool.ts';
import { byHand } from '../../values/shell.ts';

const mib = 1024 ** 2;

export interface Wanted {
  /** Of what is not asked for: as it is. */
  readonly sizes: PoolSizes;
  readonly asked: { readonly data: boolean; readonly metadata: boolean };
  /** The operator knows that the files promise more than the disk has. */
  readonly overcommit: boolean;
}

export interface LoopFiles {
  readonly data: PoolFile;
  readonly metadata: PoolFile;
  readonly freeBytes: number;
}

export type PoolFile = LoopDevice & { readonly onDisk: NonNullable<LoopDevice['onDisk']> };

/** Docker's own files, whole, writable, and shown by the very devices that the pool lies on. */
export function judgeFiles(pool: ThinPool, docker: Docker, loops: LoopPool): LoopFiles | Refusal {
  const data = judgeFile('data', pool.target.dataDevice, loops.data, docker.driverStatus['Data loop file']);
  if (isRefused(data)) return data;
  const metadata = judgeFile(
    'metadata',
    pool.target.metadataDevice,
    loops.metadata,
    docker.driverStatus['Metadata loop file'],
  );
  if (isRefused(metadata)) return metadata;
  if (loops.freeBytes === undefined)
    return refuse(
      `what is free on the file system of ${data.file} cannot be read`,
      `look at it: ${byHand('df', data.file)}`,
    );
  return { data, metadata, freeBytes: loops.freeBytes };
}

function judgeFile(
  what: string,
  number: string,
  loop: LoopDevice | undefined,
  named: string | undefined,
): PoolFile | Refusal {
  if (loop === undefined)
    return refuse(
      `the pool's ${what} lies on ${number}, which is no loop device, and LVM does not own the pool either`,
      "grow that device by its own means, then load and resume the pool's table with its new length by hand; no container has to stop for that",
    );
  const { device, file, deleted, onDisk, partial, readOnly } = loop;
  if (deleted || onDisk === undefined) {
    return refuse(
      `the pool's ${what} file ${file} has been ${deleted ? 'deleted' : 'replaced by another'}: ${device} still shows the old one, which is gone when the daemon stops`,
      `save the containers' data first; the old file can still be read through ${device}`,
    );
  }
  if (named !== undefined && named !== file)
    return refuse(
      `Docker names ${named} as the pool's ${what} file, but ${device} shows ${file}`,
      'is more than one Docker daemon running there? Look at losetup --list',
    );
  if (partial)
    return refuse(
      `${device} shows only a part of ${file} (an offset or a size limit)`,
      'Docker does not make it like that: find out who did',
    );
  if (readOnly)
    return refuse(
      `${device} is read-only`,
      `find out why: losetup --list, mount; is the file system of ${file} read-only?`,
    );
  return { ...loop, onDisk };
}

export function judgeWanted(pool: ThinPool, files: LoopFiles, wanted: Wanted): Refusal | undefined {
  const { sizes, asked } = wanted;
  for (const what of ['data', 'metadata'] as const) {
    const largest = Math.max(pool.now[what], files[what].bytes, files[what].onDisk.bytes);
    if (asked[what] && whole(what, sizes[what]) < whole(what, largest)) {
      return refuse(
        `the pool's ${what} is ${formatBytes(largest)} now, more than the ${formatBytes(sizes[what])} wanted: a pool cannot be made smaller`,
        `ask for ${formatBytes(largest)} or more`,
      );
    }
  }
  const unsuitable = judgeSizes(pool, sizes, asked);
  if (unsuitable !== undefined) return unsuitable;
  return judgeFreeSpace(pool, files, wanted);
}

/** What a stop of the daemon would do away with. */
export function judgeLoaded(pool: ThinPool, { sizes }: Wanted): Refusal | undefined {
  const loaded = pool.device.inactive.map(tableText).join('\n');
  if (loaded === '' || loaded === poolTable(pool, sizes.data)) return undefined;
  return refuse(
    `somebody has loaded a table for the pool without resuming it: ${loaded}`,
    `if nobody needs it: ${byHand('dmsetup', 'clear', pool.device.name)}`,
  );
}

/** The files are sparse, so nothing is taken from the disk now; but what is promised must be there when it is written. */
function judgeFreeSpace(
  pool: ThinPool,
  { data, freeBytes }: LoopFiles,
  { sizes, overcommit }: Wanted,
): Refusal | undefined {
  const growth = sizes.data - pool.now.data + (sizes.metadata - pool.now.metadata);
  const margin = Math.max(512 * mib, Math.ceil(growth * 0.05));
  if (overcommit || growth <= 0 || freeBytes >= growth + margin) return undefined;
  return refuse(
    `the file system of ${data.file} has ${formatBytes(freeBytes)} free, less than the growth of ${formatBytes(growth)} and a margin of ${formatBytes(margin)}: once that is used, the pool's writes fail and containers lose data`,
    'make room there first, or grow by less; overcommit: true, if you see to it that the room is there in time',
  );
}

export function overcommitWarning({ data, metadata, freeBytes }: LoopFiles, sizes: PoolSizes): readonly string[] {
  const promised =
    Math.max(0, sizes.data - data.onDisk.allocatedBytes) + Math.max(0, sizes.metadata - metadata.onDisk.allocatedBytes);
  if (promised <= freeBytes) return [];
  return [
    `the pool's files are sparse, and can come to take ${formatBytes(promised)} more, of which their file system has ${formatBytes(freeBytes)} free: watch it, since a pool whose file cannot be written loses data`,
  ];
}

export function extendFile({ file, onDisk }: PoolFile, bytes: number): readonly Action[] {
  return onDisk.bytes >= bytes ? [] : [lengthen(file, bytes)];
}

/** `>`: never smaller than it is, whoever has been there meanwhile. */
export function lengthen(file: string, bytes: number): Action {
  return {
    kind: 'exec',
    argv: ['truncate', '-c', '-s', `>${String(bytes)}`, file],
    check: { argv: ['stat', '-c', '%s', file], equals: String(bytes) },
  };
}

/** The pool uses whole blocks of its metadata device. */
function whole(what: 'data' | 'metadata', bytes: number): number {
  return what === 'data' ? bytes : wholeBlocks(bytes);
}

export function wholeBlocks(bytes: number): number {
  return Math.floor(bytes / metadataBlockBytes) * metadataBlockBytes;
}
