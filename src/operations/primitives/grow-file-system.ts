import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import { ask } from '../../facts/fact.ts';
import type { FileSystem, FileSystemKind, Superblock } from '../../facts/host/file-system.ts';
import { fileSystem } from '../../facts/host/file-system.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Change } from '../engine/change.ts';
import { oneContainer } from './docker-inspect.ts';
import { fileSystemFills, growActions } from '../rootfs/file-system-growth.ts';
import { containerName, hostPath } from '../engine/input.ts';
import type { Decision, Definition } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';
import { byHand } from '../../values/shell.ts';

const schema = z.union(
  [
    z.strictObject({
      container: containerName.describe(
        'the name or id of one container on devicemapper, or four or more of its first digits',
      ),
    }),
    z.strictObject({
      device: hostPath.describe('a block device with a mounted file system, for example /dev/mapper/NAME'),
    }),
  ],
  { error: 'must be {container: NAME} or {device: /dev/mapper/NAME}' },
);
type Want = z.infer<typeof schema>;

interface Place {
  /** What messages call it. */
  readonly name: string;
  readonly device: string;
  readonly pid: number;
  readonly container?: Container;
}

interface Seen {
  readonly place: Place;
  readonly found: FileSystem | null;
}

/** The tool that grows a kind of file system is the name of the operation. */
const operationFor = (kind: FileSystemKind): string => (kind === 'xfs' ? 'xfs_growfs' : 'resize2fs');

/** `xfs_growfs` and `resize2fs` differ in the kinds that they accept, and in nothing else. */
export function growFileSystemOperation(name: 'xfs_growfs' | 'resize2fs', summary: string): Definition<Want, Seen> {
  return {
    name,
    summary,
    schema,
    readOnly: false,
    repeats: false,
    *read(want) {
      const place =
        'device' in want ? ofDevice(want.device) : ofContainer(want.container, ...(yield* together(ask(containers))));
      if (isRefused(place)) return place;
      const [found] = yield* together(ask(fileSystem, place.device, String(place.pid)));
      return { place, found };
    },
    plan: (_want, { place, found }) => plan(name, place, found),
    touchesRefused: { reads: ['*'], changes: ['*'] },
    touches(_want, { place }) {
      const resources = [
        `device:${place.device.split('/').at(-1) ?? ''}`,
        ...(place.container === undefined ? [] : [`container:${place.container.id}`]),
      ];
      return { reads: resources, changes: resources };
    },
    result(_want, { found }) {
      return found?.superblock === undefined
        ? null
        : { type: found.superblock.kind, size: found.bytes ?? null, device_size: found.deviceBytes };
    },
  };
}

function ofDevice(device: string): Place {
  return { name: device, device, pid: 0 };
}

function ofContainer(wanted: string, all: readonly Container[]): Place | Refusal {
  const container = oneContainer(wanted, all);
  if (isRefused(container)) return container;
  const deviceName = container.graph?.['DeviceName'];
  if (container.driver !== 'devicemapper' || deviceName === undefined) {
    return refuse(
      `${container.name} is on the storage driver ${container.driver}: its root file system has no device of its own`,
      'use grow_rootfs, which knows what can be done on each driver',
    );
  }
  if (!container.state.running)
    return refuse(
      `${container.name} is ${container.state.status}: its device is not active`,
      `${byHand('docker', 'start', container.name)}; if it does not start since somebody resized it, use repair_rootfs`,
    );
  if (container.state.paused) return refuse(`${container.name} is paused`, byHand('docker', 'unpause', container.name));
  return { name: container.name, device: `/dev/mapper/${deviceName}`, pid: container.state.pid, container };
}

function plan(operation: 'xfs_growfs' | 'resize2fs', place: Place, found: FileSystem | null): Decision {
  const { name, device } = place;
  if (found === null) return refuse(`there is no block device ${device}`, 'start the container, or correct the path');
  const { superblock, bytes } = found;
  if (superblock === undefined || bytes === undefined)
    return refuse(
      `${device} holds no file system that is known here`,
      'only xfs, ext2, ext3 and ext4 are grown: look with blkid',
    );
  if (operationFor(superblock.kind) !== operation)
    return refuse(
      `${name} has ${superblock.kind}, which ${operation} does not grow`,
      `use ${operationFor(superblock.kind)}`,
    );
  if (found.mounts.length === 0)
    return refuse(`${device} is not mounted`, 'start the container, or mount the file system, and run the same again');
  if (bytes > found.deviceBytes) {
    return refuse(
      `the file system (${formatBytes(bytes)}) is larger than its device (${formatBytes(found.deviceBytes)}): what is written beyond the end is lost`,
      'stop writing and give the device its full length again (repair_rootfs)',
    );
  }
  if (fileSystemFills(bytes, found.deviceBytes, superblock.kind, superblock.blockSize))
    return { outcome: 'noop', reason: `the file system fills its device of ${formatBytes(found.deviceBytes)}` };
  return { outcome: 'change', changes: [growth(place, superblock, bytes, found.deviceBytes)] };
}

function growth({ name, device }: Place, { kind }: Superblock, bytes: number, deviceBytes: number): Change {
  return {
    summary: `${name}: ${kind} ${formatBytes(bytes)} → ${formatBytes(deviceBytes)}`,
    before: { device, type: kind, fileSystemBytes: bytes, deviceBytes },
    after: { device, type: kind, fileSystemBytes: deviceBytes, deviceBytes },
    actions: growActions(device, kind),
    undo: 'irreversible',
    atomic: true,
    bindings: { device: device.split('/').at(-1) ?? device },
  };
}
