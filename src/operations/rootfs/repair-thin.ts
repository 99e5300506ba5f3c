import { refuse } from '../../values/refusal.ts';
import { formatBytes, roundUp } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import { deviceActions, growThin } from './grow-thin.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { dropBackup, forgetSize, storeSize } from './stored-size.ts';
import type { ThinContainer } from './thin.ts';
import { sectorBytes, thinTable } from './thin.ts';
import { byHand } from '../../values/shell.ts';

/**
 * Puts right what a resize by hand leaves behind: a file system that is larger than the size Docker
 * activates its device with. Such a container runs until it is stopped, and then does not start
 * again (`Failed to mount`); its data is whole, because the blocks are still in the pool.
 */
export function repairThin(thin: ThinContainer, superblock: { readonly bytes: number } | undefined): ContainerPlan {
  const { container, rootfs, active } = thin;
  if (container.state.running && !container.state.paused && active !== undefined && rootfs.fileSystem !== undefined) {
    // Still running: it is enough to make the size last, before a stop finds it out.
    return rootfs.fileSystem.bytes > rootfs.stored.bytes
      ? growThin(thin, active.bytes)
      : { changes: [], warnings: [], owed: [] };
  }
  if (container.state.status !== 'exited' && container.state.status !== 'created') {
    return refuse(
      `${container.name} is ${container.state.status}`,
      `stop it first: ${byHand('docker', 'stop', container.name)}`,
    );
  }
  if (superblock === undefined)
    return refuse(
      `${container.name}: what lies on its device is not a file system that is known here`,
      'look at it by hand before it is started again',
    );
  const bytes = roundUp(superblock.bytes, sectorBytes);
  // Docker leaves a device alone that is active, and gives any other the size that the daemon holds.
  const startsWith = active?.bytes ?? thin.daemonBytes;
  if (bytes <= Math.min(rootfs.stored.bytes, startsWith)) return { changes: [], warnings: [], owed: [] };
  return { changes: [restoreDevice(thin, bytes)], warnings: [], owed: [] };
}

/** The device at the size of its file system, under the name that Docker looks for: Docker leaves an active device alone. */
function restoreDevice(thin: ThinContainer, bytes: number): Change {
  const { container, name, active, rootfs } = thin;
  const device = `/dev/mapper/${name}`;
  const table = thinTable(active?.thin ?? thin, bytes);
  const create: Action = {
    kind: 'exec',
    argv: ['dmsetup', 'create', name, '--table', table],
    check: { argv: ['blockdev', '--getsize64', device], equals: String(bytes) },
    onFailure: [['dmsetup', 'remove', '--retry', name]],
  };
  const activate =
    active === undefined ? [create] : active.bytes < bytes ? deviceActions(name, active, table, bytes) : [];
  const store = rootfs.stored.bytes < bytes ? [storeSize(rootfs.stored, bytes)] : [];
  const forget = store.map((): Action => forgetSize(rootfs.stored, bytes));
  return {
    summary: `${container.name}: device ${formatBytes(Math.min(rootfs.stored.bytes, thin.daemonBytes))} → ${formatBytes(bytes)}, the size of its file system, so that it starts again`,
    subject: `container:${container.id}`,
    // Whether the device is active at the moment, and what the daemon has read, is no part of either: a stop of the container, and a restart, change that.
    before: { container: container.id, storedBytes: rootfs.stored.bytes },
    after: { container: container.id, storedBytes: Math.max(bytes, rootfs.stored.bytes) },
    actions: [...activate, ...store],
    undo:
      active === undefined
        ? [
            ...forget,
            {
              kind: 'exec',
              argv: ['/bin/sh', '-c', '[ ! -e "$1" ] || exec dmsetup remove --retry "$2"', 'sh', device, name],
            },
          ]
        : 'irreversible',
    ...(store.length > 0 ? { finalize: [dropBackup(rootfs.stored)] } : {}),
    atomic: true,
    bindings: { device: name, container: container.id, record: rootfs.stored.path, 'old record': rootfs.stored.text },
  };
}

export function startContainer({ container }: ThinContainer): Change {
  return {
    summary: `start ${container.name}`,
    subject: `running:${container.id}`,
    before: { container: container.id, running: false },
    after: { container: container.id, running: true },
    actions: [
      {
        kind: 'exec',
        argv: ['docker', 'start', container.id],
        check: {
          argv: ['docker', 'inspect', '--type', 'container', '--format', '{{.State.Running}}', container.id],
          equals: 'true',
        },
        timeoutMs: 120_000,
      },
    ],
    undo: [{ kind: 'exec', argv: ['docker', 'stop', container.id], timeoutMs: 120_000 }],
    atomic: true,
    bindings: { container: container.id },
  };
}
