import { tableText } from '../../facts/device-mapper.ts';
import type { Docker } from '../../facts/docker.ts';
import type { LoopDevice, LoopPool } from '../../facts/loop-pool.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change } from '../change.ts';
import type { ContainerPlan, Refusal } from '../rootfs/outcome.ts';
import { refuse } from '../rootfs/outcome.ts';
import { keepActive } from './keep-active.ts';
import type { PoolSizes, ThinPool } from './thin-pool.ts';
import { judgeSizes, metadataBlockBytes, poolTable, reportedSize, reportScript } from './thin-pool.ts';

const mib = 1024 ** 2;

export interface Wanted {
  /** Of what is not asked for: as it is. */
  readonly sizes: PoolSizes;
  readonly asked: { readonly data: boolean; readonly metadata: boolean };
  /** The operator knows that the files promise more than the disk has. */
  readonly overcommit: boolean;
}

interface LoopFiles {
  readonly data: LoopFile;
  readonly metadata: LoopFile;
  readonly freeBytes: number;
}

type LoopFile = LoopDevice & { readonly onDisk: NonNullable<LoopDevice['onDisk']> };

/**
 * Grows a pool that lies on two files while it is in use: the files (which stay sparse), the loop devices
 * that show them, then the pool's table. Only what is not done yet, so that an attempt that was cut is
 * completed. It lasts: dockerd makes the pool as large as its file when it starts.
 */
export function growLoopPool(pool: ThinPool, docker: Docker, loops: LoopPool, wanted: Wanted): ContainerPlan {
  const files = judgeFiles(pool, docker, loops);
  if ('refused' in files) return files;
  const refusal = judgeWanted(pool, files, wanted);
  if (refusal !== undefined) return { refused: refusal };
  const { sizes, asked } = wanted;
  // A table that is loaded anew takes all that the metadata's device has by then.
  const after = { data: sizes.data, metadata: Math.max(sizes.metadata, wholeBlocks(files.metadata.bytes)) };
  const growFiles = [...(asked.data ? fileActions(files.data, sizes.data) : []), ...(asked.metadata ? fileActions(files.metadata, sizes.metadata) : [])];
  const growTable = pool.now.data < sizes.data || pool.now.metadata < sizes.metadata;
  if (growFiles.length === 0 && !growTable) return { changes: [], warnings: overcommitWarning(files, sizes), owed: [] };
  const shown = (bytes: PoolSizes, data: number, metadata: number): Record<string, number> => ({ dataBytes: bytes.data, metadataBytes: bytes.metadata, dataFileBytes: data, metadataFileBytes: metadata });
  const change: Change = {
    summary: summarise(pool, growTable ? after : pool.now),
    subject: `pool:${pool.device.name}`,
    before: shown(pool.now, files.data.onDisk.bytes, files.metadata.onDisk.bytes),
    after: shown(growTable ? after : pool.now, asked.data ? sizes.data : files.data.onDisk.bytes, asked.metadata ? sizes.metadata : files.metadata.onDisk.bytes),
    actions: [...growFiles, ...(growTable ? tableActions(pool, after) : [])],
    // Blocks beyond the old end are used at once, and a smaller pool does not start.
    undo: 'irreversible',
    atomic: true,
    bindings: { pool: pool.device.name, devices: pool.line.args.slice(0, 2).join(' ') },
  };
  return { changes: [change], warnings: overcommitWarning(files, sizes), owed: [] };
}

/** Docker's own files, whole, writable, and shown by the very devices that the pool lies on. */
function judgeFiles(pool: ThinPool, docker: Docker, loops: LoopPool): LoopFiles | { readonly refused: Refusal } {
  const data = judgeFile('data', pool.target.dataDevice, loops.data, docker.driverStatus['Data loop file']);
  if ('refused' in data) return data;
  const metadata = judgeFile('metadata', pool.target.metadataDevice, loops.metadata, docker.driverStatus['Metadata loop file']);
  if ('refused' in metadata) return metadata;
  if (loops.freeBytes === undefined) return refuse(`what is free on the file system of ${data.file} cannot be read`, `look at it: df ${data.file}`);
  return { data, metadata, freeBytes: loops.freeBytes };
}

function judgeFile(what: string, number: string, loop: LoopDevice | undefined, named: string | undefined): LoopFile | { readonly refused: Refusal } {
  if (loop === undefined) return refuse(`the pool's ${what} lies on ${number}, which is no loop device, and LVM does not own the pool either`, 'grow that device by its own means, then load and resume the pool\'s table with its new length by hand; no container has to stop for that');
  const { device, file, deleted, onDisk, partial, readOnly } = loop;
  if (deleted || onDisk === undefined) {
    return refuse(`the pool's ${what} file ${file} has been ${deleted ? 'deleted' : 'replaced by another'}: ${device} still shows the old one, which is gone when the daemon stops`, `save the containers' data first; the old file can still be read through ${device}`);
  }
  if (named !== undefined && named !== file) return refuse(`Docker names ${named} as the pool's ${what} file, but ${device} shows ${file}`, 'is more than one Docker daemon running there? Look at losetup --list');
  if (partial) return refuse(`${device} shows only a part of ${file} (an offset or a size limit)`, 'Docker does not make it like that: find out who did');
  if (readOnly) return refuse(`${device} is read-only`, `find out why: losetup --list, mount; is the file system of ${file} read-only?`);
  return { ...loop, onDisk };
}

function judgeWanted(pool: ThinPool, files: LoopFiles, wanted: Wanted): Refusal | undefined {
  const { sizes, asked } = wanted;
  for (const what of ['data', 'metadata'] as const) {
    const largest = Math.max(pool.now[what], files[what].bytes, files[what].onDisk.bytes);
    if (asked[what] && whole(what, sizes[what]) < whole(what, largest)) {
      return { reason: `the pool's ${what} is ${formatBytes(largest)} now, more than the ${formatBytes(sizes[what])} wanted: a pool cannot be made smaller`, remedy: `ask for ${formatBytes(largest)} or more` };
    }
  }
  const unsuitable = judgeSizes(pool, sizes, asked);
  if (unsuitable !== undefined) return unsuitable;
  const loaded = pool.device.inactive.map(tableText).join('\n');
  if (loaded !== '' && loaded !== poolTable(pool, sizes.data)) return { reason: `somebody has loaded a table for the pool without resuming it: ${loaded}`, remedy: `if nobody needs it: dmsetup clear ${pool.device.name}` };
  return judgeFreeSpace(pool, files, wanted);
}

/** The files are sparse, so nothing is taken from the disk now; but what is promised must be there when it is written. */
function judgeFreeSpace(pool: ThinPool, { data, freeBytes }: LoopFiles, { sizes, overcommit }: Wanted): Refusal | undefined {
  const growth = sizes.data - pool.now.data + (sizes.metadata - pool.now.metadata);
  const margin = Math.max(512 * mib, Math.ceil(growth * 0.05));
  if (overcommit || growth <= 0 || freeBytes >= growth + margin) return undefined;
  return {
    reason: `the file system of ${data.file} has ${formatBytes(freeBytes)} free, less than the growth of ${formatBytes(growth)} and a margin of ${formatBytes(margin)}: once that is used, the pool's writes fail and containers lose data`,
    remedy: 'make room there first, or grow by less; overcommit: true, if you see to it that the room is there in time',
  };
}

function overcommitWarning({ data, metadata, freeBytes }: LoopFiles, sizes: PoolSizes): readonly string[] {
  const promised = Math.max(0, sizes.data - data.onDisk.allocatedBytes) + Math.max(0, sizes.metadata - metadata.onDisk.allocatedBytes);
  if (promised <= freeBytes) return [];
  return [`the pool's files are sparse, and can come to take ${formatBytes(promised)} more, of which their file system has ${formatBytes(freeBytes)} free: watch it, since a pool whose file cannot be written loses data`];
}

/** `>`: never smaller than it is, whoever has been there meanwhile. */
function extendFile({ file, onDisk }: LoopFile, bytes: number): readonly Action[] {
  if (onDisk.bytes >= bytes) return [];
  return [{ kind: 'exec', argv: ['truncate', '-c', '-s', `>${String(bytes)}`, file], check: { argv: ['stat', '-c', '%s', file], equals: String(bytes) } }];
}

function fileActions(loop: LoopFile, bytes: number): readonly Action[] {
  if (loop.bytes >= bytes) return extendFile(loop, bytes);
  return [...extendFile(loop, bytes), { kind: 'exec', argv: ['losetup', '-c', loop.device], check: { argv: ['blockdev', '--getsize64', loop.device], equals: String(bytes) } }];
}

/**
 * A resume that fails leaves the pool suspended, and every container on it hanging. So whatever happens
 * after the load, at the end of the script the pool is made active.
 */
function tableActions(pool: ThinPool, after: PoolSizes): readonly Action[] {
  const { name } = pool.device;
  const [old, table] = [poolTable(pool, pool.now.data), poolTable(pool, after.data)];
  return [
    { kind: 'check', argv: ['dmsetup', 'table', name], equals: old, otherwise: "the pool's table is not what the plan saw" },
    { kind: 'exec', argv: ['dmsetup', 'load', name, '--table', table], check: { argv: ['dmsetup', 'table', '--inactive', name], equals: table }, onFailure: [['dmsetup', 'clear', name]], atEnd: [keepActive(name, old, table)] },
    { kind: 'exec', argv: ['dmsetup', 'resume', name], check: { argv: ['dmsetup', 'table', name], equals: table } },
    { kind: 'check', argv: ['/bin/sh', '-c', reportScript, 'sh', name], equals: reportedSize(pool, after), otherwise: 'the pool has not come to its new size' },
  ];
}

function summarise({ device, now }: ThinPool, after: PoolSizes): string {
  const part = (what: 'data' | 'metadata'): readonly string[] => (now[what] === after[what] ? [] : [`${what} ${formatBytes(now[what])} → ${formatBytes(after[what])}`]);
  const parts = [...part('data'), ...part('metadata')];
  return `pool ${device.name}: ${parts.length === 0 ? 'its files, to the size that it has' : parts.join(', ')} (loop files, online)`;
}

/** The pool uses whole blocks of its metadata device. */
function whole(what: 'data' | 'metadata', bytes: number): number {
  return what === 'data' ? bytes : wholeBlocks(bytes);
}

function wholeBlocks(bytes: number): number {
  return Math.floor(bytes / metadataBlockBytes) * metadataBlockBytes;
}
