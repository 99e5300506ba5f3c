import { tableText } from '../../facts/host/device-mapper.ts';
import type { FileSystemKind } from '../../facts/host/file-system.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import { fileSystemFills, growActions, mountDirectoryOf } from './file-system-growth.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { dropBackup, forgetSize, storeSize } from './stored-size.ts';
import type { ThinContainer } from './thin.ts';
import { overcommitWarning, sectorBytes, thinTable } from './thin.ts';
import { byHand } from '../../values/shell.ts';

type Active = NonNullable<ThinContainer['active']>;

/**
 * Grows a running container's thin device, its stored size and its file system to `bytes`, doing
 * only what is not done yet: a device that an earlier attempt, or somebody's recipe, has grown half
 * way is completed, not refused. Whether the daemon has read the stored size is not decided here.
 */
export function growThin(thin: ThinContainer, bytes: number): ContainerPlan {
  const { container, active, rootfs } = thin;
  const stopped = judgeRunning(thin);
  if (stopped !== undefined) return stopped;
  if (active === undefined)
    return refuse(
      `${container.name} runs, but its device ${thin.name} is not there`,
      'does it run under another daemon or in a machine of its own? Stop and start it, then run the same again',
    );
  const refusal = judgeSize(thin, active, bytes);
  if (refusal !== undefined) return refusal;
  if (rootfs.fileSystem === undefined) {
    return refuse(
      `${container.name}: what lies on its device is not a file system that can be grown (xfs, ext2, ext3, ext4)`,
      'nothing can be done online; move its data to a volume',
    );
  }
  const { kind } = rootfs.fileSystem;
  const table = thinTable(active.thin, bytes);
  const growDevice = active.bytes < bytes;
  const growStored = rootfs.stored.bytes < bytes;
  const growFileSystem = !fileSystemFills(rootfs.fileSystem.bytes, bytes, kind);
  if (!growDevice && !growStored && !growFileSystem) return { changes: [], warnings: [], owed: [] };

  const device = `/dev/mapper/${thin.name}`;
  const actions: Action[] = [
    ...(growDevice ? deviceActions(thin.name, active, table, bytes) : []),
    // Before the file system: were it the other way round, a restart in between would leave the container down.
    ...(growStored ? [storeSize(rootfs.stored, bytes)] : []),
    ...(growFileSystem ? growActions(device, kind) : []),
  ];
  const change: Change = {
    summary: summarise(thin, active, kind, bytes, growFileSystem),
    subject: `container:${container.id}`,
    before: {
      container: container.id,
      startedAt: container.state.startedAt,
      deviceBytes: active.bytes,
      fileSystemBytes: rootfs.fileSystem.bytes,
      storedBytes: rootfs.stored.bytes,
    },
    after: {
      container: container.id,
      startedAt: container.state.startedAt,
      deviceBytes: bytes,
      fileSystemBytes: bytes,
      storedBytes: Math.max(bytes, rootfs.stored.bytes),
    },
    actions,
    undo: growDevice || growFileSystem ? 'irreversible' : [forgetSize(rootfs.stored, bytes)],
    ...(growStored ? { finalize: [dropBackup(rootfs.stored)] } : {}),
    atomic: true,
    bindings: bindingsOf(thin, active, bytes),
  };
  return {
    changes: [change],
    warnings: growDevice ? overcommitWarning(container.name, bytes - active.bytes, thin.pool) : [],
    owed: [],
  };
}

export function judgeRunning({ container }: ThinContainer): Refusal | undefined {
  const { status, running, paused, error } = container.state;
  if (paused) return refuse(`${container.name} is paused`, byHand('docker', 'unpause', container.name));
  if (!running || status !== 'running') {
    const why = error === '' ? '' : `; its last start failed: ${error}`;
    return refuse(
      `${container.name} is not running (${status})${why}`,
      error === ''
        ? `${byHand('docker', 'start', container.name)}; containers that do not run are left out with only_running: true`
        : 'if an earlier resize has broken it, use repair_rootfs',
    );
  }
  return undefined;
}

function judgeSize({ container, name, rootfs }: ThinContainer, active: Active, bytes: number): Refusal | undefined {
  if (rootfs.fileSystem !== undefined && rootfs.fileSystem.bytes > active.bytes) {
    return refuse(
      `${container.name}: its file system (${formatBytes(rootfs.fileSystem.bytes)}) is larger than its device (${formatBytes(active.bytes)}), so writes beyond the device are lost`,
      'stop it and use repair_rootfs',
    );
  }
  const is = active.bytes;
  if (bytes < is) {
    return refuse(
      `${container.name} is ${formatBytes(is)} now, larger than the ${formatBytes(bytes)} wanted: a root file system cannot be made smaller`,
      `ask for ${formatBytes(is)} or more`,
    );
  }
  if (rootfs.stored.bytes > bytes) {
    return refuse(
      `${container.name}: Docker's record says ${formatBytes(rootfs.stored.bytes)}, more than the ${formatBytes(bytes)} wanted`,
      `ask for ${formatBytes(rootfs.stored.bytes)} or more`,
    );
  }
  const loaded = active.device.inactive.map(tableText).join('\n');
  if (loaded !== '' && loaded !== thinTable(active.thin, bytes)) {
    return refuse(
      `${container.name}: somebody has loaded a table for its device without resuming it: ${loaded}`,
      `if nobody needs it: ${byHand('dmsetup', 'clear', name)}`,
    );
  }
  return undefined;
}

/** `dmsetup load` accepts wrong tables and `resume` says success with nothing loaded: each result is compared. */
export function deviceActions(name: string, active: Active, table: string, bytes: number): readonly Action[] {
  return [
    {
      kind: 'check',
      argv: ['dmsetup', 'table', name],
      equals: thinTable(active.thin, active.bytes),
      otherwise: "the device's table is not what the plan saw",
    },
    {
      kind: 'exec',
      argv: ['dmsetup', 'load', name, '--table', table],
      check: { argv: ['dmsetup', 'table', '--inactive', name], equals: table },
      onFailure: [['dmsetup', 'clear', name]],
    },
    {
      kind: 'exec',
      argv: ['dmsetup', 'resume', name],
      check: { argv: ['blockdev', '--getsize64', `/dev/mapper/${name}`], equals: String(bytes) },
      onFailure: [
        ['dmsetup', 'clear', name],
        ['dmsetup', 'resume', name],
      ],
    },
  ];
}

function summarise(
  { container, rootfs }: ThinContainer,
  active: Active,
  kind: FileSystemKind,
  bytes: number,
  growsFileSystem: boolean,
): string {
  const now = Math.min(active.bytes, rootfs.fileSystem?.bytes ?? active.bytes);
  if (active.bytes < bytes) return `${container.name}: ${formatBytes(active.bytes)} → ${formatBytes(bytes)} (${kind})`;
  if (growsFileSystem)
    return `${container.name}: ${formatBytes(now)} → ${formatBytes(bytes)} (${kind}; its device has that size already)`;
  return `${container.name}: make ${formatBytes(bytes)} last (a restart would undo it: ${formatBytes(rootfs.stored.bytes)} is stored)`;
}

/** What differs from host to host although the plan is the same. */
function bindingsOf(thin: ThinContainer, active: Active, bytes: number): Readonly<Record<string, string>> {
  const stored = storeSize(thin.rootfs.stored, bytes);
  return {
    device: thin.name,
    'pool and id': thinTable(active.thin, sectorBytes).split(' ').slice(3).join(' '),
    container: thin.container.id,
    started: thin.container.state.startedAt,
    record: stored.path,
    backup: stored.backup ?? '',
    'old record': thin.rootfs.stored.text,
    'new record': stored.content,
    'mount point': mountDirectoryOf(`/dev/mapper/${thin.name}`),
  };
}
