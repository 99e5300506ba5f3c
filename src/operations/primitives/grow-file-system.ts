import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { FileSystem, FileSystemKind, Superblock } from '../../facts/host/file-system.ts';
import { fileSystem } from '../../facts/host/file-system.ts';
import { formatBytes } from '../../values/size.ts';
import type { Change } from '../engine/change.ts';
import { oneContainer } from './docker-inspect.ts';
import { fileSystemFills, growActions } from '../rootfs/file-system-growth.ts';
import { hostPath } from '../engine/input.ts';
import type { Operation, Planned } from '../engine/operation.ts';
import { byHand } from '../../values/shell.ts';

const schema = z.union(
  [
    z.strictObject({
      container: z
        .string()
        .min(1)
        .describe('the name or id of one container on devicemapper, or four or more of its first digits'),
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
type Located = Place | { readonly refused: string; readonly remedy: string };

/** The tool that grows a kind of file system is the name of the operation. */
const operationFor = (kind: FileSystemKind): string => (kind === 'xfs' ? 'xfs_growfs' : 'resize2fs');

/** `xfs_growfs` and `resize2fs` differ in the kinds that they accept, and in nothing else. */
export function growFileSystemOperation(name: 'xfs_growfs' | 'resize2fs', summary: string): Operation<Want> {
  return {
    name,
    summary,
    schema,
    readOnly: false,
    repeats: false,
    needs(want, known) {
      const list = 'container' in want ? [ask(containers)] : [];
      const place = locate(want, known);
      return [...list, ...(place !== undefined && 'device' in place ? [request(place)] : [])];
    },
    plan(want, known) {
      if ('container' in want) known.the(ask(containers));
      const place = locate(want, known);
      if (place === undefined || 'refused' in place)
        return {
          outcome: 'refused',
          reason: place?.refused ?? 'the containers are not known',
          remedy: place?.remedy ?? 'run the same again',
        };
      return plan(name, place, known.the(request(place)));
    },
    touches(want, known) {
      const place = locate(want, known);
      if (place === undefined || 'refused' in place) return { reads: ['*'], changes: ['*'] };
      const resources = [
        `device:${place.device.split('/').at(-1) ?? ''}`,
        ...(place.container === undefined ? [] : [`container:${place.container.id}`]),
      ];
      return { reads: resources, changes: resources };
    },
    result(want, known) {
      const place = locate(want, known);
      const found = place === undefined || 'refused' in place ? undefined : known.get(request(place));
      return found?.superblock === undefined
        ? null
        : { type: found.superblock.kind, size: found.bytes ?? null, device_size: found.deviceBytes };
    },
  };
}

function locate(want: Want, known: Known): Located | undefined {
  if ('device' in want) return { name: want.device, device: want.device, pid: 0 };
  const one = oneContainer(want.container, known);
  if (one === undefined || 'refused' in one) return one;
  const { container } = one;
  const deviceName = container.graph?.['DeviceName'];
  if (container.driver !== 'devicemapper' || deviceName === undefined) {
    return {
      refused: `${container.name} is on the storage driver ${container.driver}: its root file system has no device of its own`,
      remedy: 'use grow_rootfs, which knows what can be done on each driver',
    };
  }
  if (!container.state.running)
    return {
      refused: `${container.name} is ${container.state.status}: its device is not active`,
      remedy: `${byHand('docker', 'start', container.name)}; if it does not start since somebody resized it, use repair_rootfs`,
    };
  if (container.state.paused)
    return { refused: `${container.name} is paused`, remedy: byHand('docker', 'unpause', container.name) };
  return { name: container.name, device: `/dev/mapper/${deviceName}`, pid: container.state.pid, container };
}

function request({ device, pid }: Place): FactRequest<FileSystem | null> {
  return ask(fileSystem, device, String(pid));
}

function plan(operation: 'xfs_growfs' | 'resize2fs', place: Place, found: FileSystem | null): Planned {
  const { name, device } = place;
  if (found === null)
    return {
      outcome: 'refused',
      reason: `there is no block device ${device}`,
      remedy: 'start the container, or correct the path',
    };
  const { superblock, bytes } = found;
  if (superblock === undefined || bytes === undefined)
    return {
      outcome: 'refused',
      reason: `${device} holds no file system that is known here`,
      remedy: 'only xfs, ext2, ext3 and ext4 are grown: look with blkid',
    };
  if (operationFor(superblock.kind) !== operation)
    return {
      outcome: 'refused',
      reason: `${name} has ${superblock.kind}, which ${operation} does not grow`,
      remedy: `use ${operationFor(superblock.kind)}`,
    };
  if (found.mounts.length === 0)
    return {
      outcome: 'refused',
      reason: `${device} is not mounted`,
      remedy: 'start the container, or mount the file system, and run the same again',
    };
  if (bytes > found.deviceBytes) {
    return {
      outcome: 'refused',
      reason: `the file system (${formatBytes(bytes)}) is larger than its device (${formatBytes(found.deviceBytes)}): what is written beyond the end is lost`,
      remedy: 'stop writing and give the device its full length again (repair_rootfs)',
    };
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
