import type { Docker } from '../../facts/daemon/docker.ts';
import type { StorageDrivers } from '../../facts/daemon/storage-drivers.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import type { StorageDriverName } from './driver-config.ts';

/** On these overlay2 cannot have its upper directories (daemon/graphdriver/overlay2 of moby, and the kernel's overlayfs document). */
const notUnderOverlay: ReadonlySet<string> = new Set([
  'overlayfs',
  'nfs',
  'ecryptfs',
  'aufs',
  'fuseblk',
  'msdos',
  'cifs',
  'smb2',
  'v9fs',
]);

/** What a driver needs of the host and of Docker, as far as it can be known before the daemon tries. */
export function judgeDriver(
  driver: StorageDriverName,
  docker: Docker,
  { fileSystem, ftype, overlay }: StorageDrivers,
): readonly Refusal[] {
  const { root, major, version } = docker;
  switch (driver) {
    case 'devicemapper':
      return major >= 25
        ? [refuse(`Docker ${version} has no devicemapper any more: it was removed in 25`, 'take overlay2')]
        : [];
    case 'overlay2':
      if (!overlay)
        return [
          refuse(
            'the kernel has no overlay file system',
            'modprobe overlay; if there is no such module, another kernel is needed',
          ),
        ];
      if (ftype === false)
        return [
          refuse(
            `${root} lies on XFS made with ftype=0, which overlay2 cannot use`,
            'that is chosen when a file system is made: give Docker another one, made with mkfs.xfs -n ftype=1',
          ),
        ];
      return notUnderOverlay.has(fileSystem)
        ? [
            refuse(
              `${root} lies on ${fileSystem}, which overlay2 cannot use`,
              'give Docker a file system of its own, with XFS or ext4',
            ),
          ]
        : [];
    case 'btrfs':
    case 'zfs':
      return fileSystem === driver
        ? []
        : [
            refuse(
              `${root} lies on ${fileSystem}, and ${driver} needs it to be ${driver}`,
              `give Docker a file system of its own with ${driver}, or take overlay2`,
            ),
          ];
    case 'vfs':
      return [];
  }
}
