import type { Docker } from '../../facts/daemon/docker.ts';
import type { LoopPool } from '../../facts/pools/loop-pool.ts';
import { isRefused } from '../../values/refusal.ts';
import type { Action, Change } from '../engine/change.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { keepActive } from './keep-active.ts';
import type { PoolFile, Wanted } from './loop-files.ts';
import { extendFile, judgeFiles, judgeLoaded, judgeWanted, overcommitWarning, wholeBlocks } from './loop-files.ts';
import type { PoolSizes, ThinPool } from './thin-pool.ts';
import { growthText, poolTable, reportedSize, reportScript } from './thin-pool.ts';

/**
 * Grows a pool that lies on two files while it is in use: the files (which stay sparse), the loop devices
 * that show them, then the pool's table. Only what is not done yet, so that an attempt that was cut is
 * completed. It lasts: dockerd makes the pool as large as its file when it starts.
 */
export function growLoopPool(pool: ThinPool, docker: Docker, loops: LoopPool, wanted: Wanted): ContainerPlan {
  const files = judgeFiles(pool, docker, loops);
  if (isRefused(files)) return files;
  const refusal = judgeWanted(pool, files, wanted) ?? judgeLoaded(pool, wanted);
  if (refusal !== undefined) return refusal;
  const { sizes, asked } = wanted;
  // A table that is loaded anew takes all that the metadata's device has by then.
  const after = { data: sizes.data, metadata: Math.max(sizes.metadata, wholeBlocks(files.metadata.bytes)) };
  const growFiles = [
    ...(asked.data ? fileActions(files.data, sizes.data) : []),
    ...(asked.metadata ? fileActions(files.metadata, sizes.metadata) : []),
  ];
  const growTable = pool.now.data < sizes.data || pool.now.metadata < sizes.metadata;
  if (growFiles.length === 0 && !growTable) return { changes: [], warnings: overcommitWarning(files, sizes), owed: [] };
  const shown = (bytes: PoolSizes, data: number, metadata: number): Record<string, number> => ({
    dataBytes: bytes.data,
    metadataBytes: bytes.metadata,
    dataFileBytes: data,
    metadataFileBytes: metadata,
  });
  const change: Change = {
    summary: summarise(pool, growTable ? after : pool.now),
    subject: `pool:${pool.device.name}`,
    before: shown(pool.now, files.data.onDisk.bytes, files.metadata.onDisk.bytes),
    after: shown(
      growTable ? after : pool.now,
      asked.data ? sizes.data : files.data.onDisk.bytes,
      asked.metadata ? sizes.metadata : files.metadata.onDisk.bytes,
    ),
    actions: [...growFiles, ...(growTable ? tableActions(pool, after) : [])],
    // Blocks beyond the old end are used at once, and a smaller pool does not start.
    undo: 'irreversible',
    atomic: true,
    bindings: { pool: pool.device.name, devices: pool.line.args.slice(0, 2).join(' ') },
  };
  return { changes: [change], warnings: overcommitWarning(files, sizes), owed: [] };
}

function fileActions(loop: PoolFile, bytes: number): readonly Action[] {
  if (loop.bytes >= bytes) return extendFile(loop, bytes);
  return [
    ...extendFile(loop, bytes),
    {
      kind: 'exec',
      argv: ['losetup', '-c', loop.device],
      check: { argv: ['blockdev', '--getsize64', loop.device], equals: String(bytes) },
    },
  ];
}

/**
 * A resume that fails leaves the pool suspended, and every container on it hanging. So whatever happens
 * after the load, at the end of the script the pool is made active.
 */
function tableActions(pool: ThinPool, after: PoolSizes): readonly Action[] {
  const { name } = pool.device;
  const [old, table] = [poolTable(pool, pool.now.data), poolTable(pool, after.data)];
  return [
    {
      kind: 'check',
      argv: ['dmsetup', 'table', name],
      equals: old,
      otherwise: "the pool's table is not what the plan saw",
    },
    {
      kind: 'exec',
      argv: ['dmsetup', 'load', name, '--table', table],
      check: { argv: ['dmsetup', 'table', '--inactive', name], equals: table },
      onFailure: [['dmsetup', 'clear', name]],
      atEnd: [keepActive(name, old, table)],
    },
    { kind: 'exec', argv: ['dmsetup', 'resume', name], check: { argv: ['dmsetup', 'table', name], equals: table } },
    {
      kind: 'check',
      argv: ['/bin/sh', '-c', reportScript, 'sh', name],
      equals: reportedSize(pool, after),
      otherwise: 'the pool has not come to its new size',
    },
  ];
}

function summarise(pool: ThinPool, after: PoolSizes): string {
  const parts = growthText(pool.now, after);
  return `pool ${pool.device.name}: ${parts === '' ? 'its files, to the size that it has' : parts} (loop files, online)`;
}
