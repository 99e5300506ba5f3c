import type { Docker } from '../../facts/daemon/docker.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';

/** Why a root file system cannot be grown with this daemon's storage, and what can be done instead. */
export function judgeDriver(docker: Docker): Refusal | undefined {
  if (docker.rootless)
    return refuse(
      'the Docker daemon is rootless, where containers have no size of their own',
      'put the data that grows on a volume',
    );
  if (docker.containerdImageStore) {
    return refuse(
      `Docker ${docker.version} uses the containerd image store (${docker.driver}), in which a container's root file system has no size of its own: it ignores --storage-opt size without a word`,
      'put the data that grows on a volume with a size; or set "features": {"containerd-snapshotter": false} with overlay2 on XFS mounted with prjquota, and recreate the containers with --storage-opt size=…',
    );
  }
  if (docker.driver === 'devicemapper' || docker.driver === 'overlay2') return undefined;
  const instead: Readonly<Record<string, string>> = {
    btrfs: 'on the host: btrfs qgroup limit SIZE SUBVOLUME',
    zfs: 'on the host: zfs set quota=SIZE DATASET',
  };
  return refuse(
    `the storage driver is ${docker.driver}, whose containers plimsoll cannot grow`,
    instead[docker.driver] ?? 'put the data that grows on a volume',
  );
}
