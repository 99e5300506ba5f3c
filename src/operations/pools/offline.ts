import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { byStart } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { LoopPool } from '../../facts/pools/loop-pool.ts';
import type { Growth, PoolGrowth } from '../../facts/pools/pool-growth.ts';
import { growthRecord } from '../../facts/pools/pool-growth.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import { startedWithTheDaemon } from '../restart/restart.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { names } from '../copies/directory-users.ts';
import type { LoopFiles, Wanted } from './loop-files.ts';
import { judgeFiles, judgeWanted, lengthen, overcommitWarning, wholeBlocks } from './loop-files.ts';
import { bringBack, keepRecordsIn, startDaemon, stopContainers, stopDaemon } from './offline-scripts.ts';
import type { PoolSizes, ThinPool } from './thin-pool.ts';
import { growthText, reportedSize, reportScript } from './thin-pool.ts';
import { byHand } from '../../values/shell.ts';

/** What is known of a host whose daemon answers. */
export interface Running {
  readonly docker: Docker;
  readonly loops: LoopPool;
  readonly growth: PoolGrowth;
  readonly uses: readonly ContainerUse[];
  readonly containers: readonly Container[];
  /** Why what runs cannot be stopped and started again. */
  readonly unstoppable: Refusal | undefined;
}

/**
 * Grows a pool that lies on two files by stopping all containers and the daemon: dockerd then removes the
 * pool, and makes it anew, as large as its files, when it starts. Which containers run is on the disk before
 * the first one stops.
 */
export function growOffline(pool: ThinPool, host: Running, wanted: Wanted): ContainerPlan {
  const files = judgeFiles(pool, host.docker, host.loops);
  if (isRefused(files)) return files;
  const unsuitable = judgeWanted(pool, files, wanted);
  if (unsuitable !== undefined) return unsuitable;
  const { sizes } = wanted;
  const { begun, file } = host.growth;
  const warnings = overcommitWarning(files, sizes);
  const done = pool.now.data >= sizes.data && pool.now.metadata >= sizes.metadata;
  if (done) return { changes: begun === undefined ? [] : [runAgain(begun, file, host.uses)], warnings, owed: [] };
  const all = toRun(host);
  const refusal = judgeStop(pool, host);
  if (refusal !== undefined) return refusal;
  return {
    changes: [growthChange(pool, host, files, wanted, all)],
    warnings: [...stopWarnings(host, all), ...warnings],
    owed: [],
  };
}

/** The daemon was stopped for a growth that was cut: it is gone on with from what was written down. */
export function completeOffline(
  begun: Growth & { readonly text: string },
  { directory, file }: PoolGrowth,
  asked: Partial<PoolSizes>,
): ContainerPlan {
  const differs = (bytes: number | undefined, is: number): boolean => bytes !== undefined && bytes !== is;
  if (differs(asked.data, begun.dataBytes) || differs(asked.metadata, begun.metadataBytes)) {
    return refuse(
      `the Docker daemon was stopped to grow ${begun.pool} to ${formatBytes(begun.dataBytes)} of data and ${formatBytes(begun.metadataBytes)} of metadata, which was cut, and other sizes are asked for now`,
      'complete that first: plimsoll resume, or ask for these sizes; or start the daemon and the containers by hand: systemctl start docker',
    );
  }
  const change: Change = {
    summary: `pool ${begun.pool}: go on growing it to ${formatBytes(begun.dataBytes)} of data and ${formatBytes(begun.metadataBytes)} of metadata, and start the Docker daemon${begun.names.length === 0 ? '' : ` and ${begun.names.join(', ')}`} again`,
    subject: `pool:${begun.pool}`,
    before: { daemon: 'stopped' },
    after: { daemon: 'runs', running: begun.names, dataBytes: begun.dataBytes, metadataBytes: begun.metadataBytes },
    actions: growthActions(begun, directory, file),
    undo: 'irreversible',
    atomic: true,
    bindings: bindingsOf(begun.pool, begun.names, begun.containers),
  };
  return { changes: [change], warnings: [], owed: [] };
}

/** What is to run afterwards: what a growth that was cut has stopped, then what runs beside, in the order in which they were started. */
function toRun({ growth: { begun }, uses }: Running): readonly ContainerUse[] {
  const before = (begun?.containers ?? []).flatMap((id) => uses.find((use) => use.id === id) ?? []);
  const now = uses.filter(({ id, running }) => running && !before.some((use) => use.id === id));
  return [...before, ...now.toSorted(byStart)];
}

function judgeStop(pool: ThinPool, { docker, growth: { stopTogether }, unstoppable }: Running): Refusal | undefined {
  if (!docker.systemdUnit)
    return refuse(
      'the Docker daemon does not run as docker.service of systemd, so it cannot be stopped and started from here',
      'leave offline out: the pool grows while everything runs',
    );
  if (pool.full)
    return refuse(
      `the thin pool ${pool.device.name} is full (out_of_data_space): containers that wait for it cannot be stopped`,
      'leave offline out: growing it online releases them',
    );
  if (stopTogether.length > 0)
    return refuse(
      `systemd stops ${stopTogether.join(', ')} together with docker.service, and does not start ${stopTogether.length === 1 ? 'it' : 'them'} again with it`,
      `stop ${stopTogether.length === 1 ? 'it' : 'them'} first (${byHand('systemctl', 'stop', ...stopTogether)}), and start ${stopTogether.length === 1 ? 'it' : 'them'} after the growth; or leave offline out`,
    );
  return unstoppable;
}

function growthChange(
  pool: ThinPool,
  { growth: { directory, file, begun } }: Running,
  files: LoopFiles,
  { sizes, asked }: Wanted,
  all: readonly ContainerUse[],
): Change {
  const toBe = {
    data: Math.max(files.data.onDisk.bytes, asked.data ? sizes.data : 0),
    metadata: Math.max(files.metadata.onDisk.bytes, asked.metadata ? sizes.metadata : 0),
  };
  // The daemon makes it as large as its files, whoever has made them longer.
  const after = { data: toBe.data, metadata: wholeBlocks(toBe.metadata) };
  const growth: Growth = {
    from: files.data.file,
    to: files.metadata.file,
    dataBytes: toBe.data,
    metadataBytes: toBe.metadata,
    pool: pool.device.name,
    blockBytes: pool.blockBytes,
    reported: reportedSize(pool, after),
    containers: all.map(({ id }) => id),
    names: all.map(({ name }) => name),
  };
  const running = all.filter((use) => use.running);
  const write: Action = {
    kind: 'write-file',
    path: file,
    content: growthRecord(growth),
    mode: '0600',
    expect: begun?.text ?? null,
  };
  return {
    summary: `pool ${pool.device.name}: ${growthText(pool.now, after)} (loop files, offline: the Docker daemon${all.length === 0 ? '' : ` and ${names(all)}`} stopped and started again)`,
    subject: `pool:${pool.device.name}`,
    before: { dataBytes: pool.now.data, metadataBytes: pool.now.metadata, running: running.map(({ name }) => name) },
    after: { dataBytes: after.data, metadataBytes: after.metadata, running: growth.names },
    actions: growthActions(growth, directory, file, [write, stopContainers(running)], {
      data: files.data.onDisk.bytes,
      metadata: files.metadata.onDisk.bytes,
    }),
    // Blocks beyond the old end are used at once, and a smaller pool does not start.
    undo: 'irreversible',
    atomic: true,
    bindings: {
      ...bindingsOf(pool.device.name, growth.names, growth.containers),
      ...Object.fromEntries(running.map(({ name, startedAt }) => [`${name}'s start`, startedAt])),
    },
  };
}

function growthActions(
  growth: Growth,
  directory: string,
  file: string,
  containersStop: readonly Action[] = [],
  now: PoolSizes = { data: 0, metadata: 0 },
): readonly Action[] {
  return [
    keepRecordsIn(directory, file),
    ...containersStop,
    stopDaemon(growth.pool),
    ...(now.data < growth.dataBytes ? [lengthen(growth.from, growth.dataBytes)] : []),
    ...(now.metadata < growth.metadataBytes ? [lengthen(growth.to, growth.metadataBytes)] : []),
    startDaemon({ argv: ['/bin/sh', '-c', reportScript, 'sh', growth.pool], equals: growth.reported }),
    bringBack(file),
  ];
}

/** The pool has grown, and what ran before does not all run: the host has restarted, or something would not start. */
function runAgain(begun: Growth, file: string, uses: readonly ContainerUse[]): Change {
  const down = uses.filter(({ id, running }) => !running && begun.containers.includes(id)).map(({ name }) => name);
  return {
    summary: `pool ${begun.pool} has grown: ${down.length === 0 ? 'all that was stopped for it runs, forget that it was' : `start ${down.join(', ')} again, stopped for it`}`,
    subject: `pool:${begun.pool}`,
    before: { stopped: down },
    after: { stopped: [] },
    actions: [bringBack(file)],
    undo: 'irreversible',
    atomic: true,
    bindings: bindingsOf(begun.pool, begun.names, begun.containers),
  };
}

function stopWarnings({ docker, containers }: Running, all: readonly ContainerUse[]): readonly string[] {
  const running = all.filter((use) => use.running);
  return [
    running.length === 0
      ? 'the Docker daemon stops until the pool has grown; no container runs'
      : `all containers stop until the pool has grown, and so does the Docker daemon: ${names(running)}${docker.liveRestore ? '; live-restore does not help, since the pool stays as it is while a container runs' : ''}`,
    ...startedWithTheDaemon(containers.filter(({ id }) => !all.some((use) => use.id === id))),
  ];
}

function bindingsOf(pool: string, containerNames: readonly string[], ids: readonly string[]): Record<string, string> {
  return { pool, ...Object.fromEntries(containerNames.map((name, index) => [`container ${name}`, ids[index] ?? ''])) };
}
