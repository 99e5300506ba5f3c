import type { FileSystemKind } from '../../facts/host/file-system.ts';
import type { ExecAction } from '../engine/change.ts';

/** An allocation group of XFS has at least 64 blocks: what is left over below that is never used. */
const xfsSlackBlocks = 64;
/** ext leaves out a last block group that is too small to hold its own tables. */
const extSlackBytes = 4 * 1024 ** 2;

/** Whether a file system already uses all of its device that it can. */
export function fileSystemFills(
  fileSystemBytes: number,
  deviceBytes: number,
  kind: FileSystemKind,
  blockSize = 4096,
): boolean {
  const slack = kind === 'xfs' ? xfsSlackBlocks * blockSize : extSlackBytes;
  return deviceBytes - fileSystemBytes < slack;
}

/** Where we mount a mapped device for a moment: private to us (the state directory is root's, 0700). */
export function mountDirectoryOf(device: string): string {
  return `/var/lib/plimsoll/mnt/${device.split('/').at(-1) ?? device}`;
}

/**
 * Grows an XFS to its device through a second mount of our own: xfs_growfs wants a mount point,
 * and the container's may be in a mount namespace that we cannot enter. `nouuid`, because the
 * same file system is mounted already. To be run as one script: the unmount is at its end.
 */
function growXfsActions(devicePath: string, directory: string): readonly ExecAction[] {
  return [...mountActions('xfs', devicePath, directory), { kind: 'exec', argv: ['xfs_growfs', '-d', directory] }];
}

/** The same for ext2, ext3 and ext4: resize2fs wants the device, mounted where it can see it. Never forced. */
function growExtActions(
  devicePath: string,
  kind: Exclude<FileSystemKind, 'xfs'>,
  directory: string,
): readonly ExecAction[] {
  return [...mountActions(kind, devicePath, directory), { kind: 'exec', argv: ['resize2fs', devicePath] }];
}

/** Grows a mounted file system to its device. The actions belong into one atomic change. */
export function growActions(devicePath: string, kind: FileSystemKind): readonly ExecAction[] {
  const directory = mountDirectoryOf(devicePath);
  return kind === 'xfs' ? growXfsActions(devicePath, directory) : growExtActions(devicePath, kind, directory);
}

/** A mount of our own beside the container's, taken away at the end of the change. The actions belong into one atomic change. */
export function mountActions(kind: FileSystemKind, devicePath: string, directory: string): readonly ExecAction[] {
  const options = kind === 'xfs' ? ['-o', 'nouuid'] : [];
  return [
    { kind: 'exec', argv: ['mkdir', '-p', directory], atEnd: [['rmdir', directory]] },
    { kind: 'exec', argv: ['mount', '-t', kind, ...options, devicePath, directory], atEnd: [['umount', directory]] },
  ];
}
