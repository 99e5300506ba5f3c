import type { Container } from '../facts/containers/containers.ts';
import type { DeviceMapper } from '../facts/host/device-mapper.ts';
import type { DirectoryQuota } from '../facts/host/directory-quotas.ts';
import type { ThinRootfs } from '../facts/rootfs/thin-rootfs.ts';
import type { RootfsSurvey } from './host-survey.ts';
import { liveBytes } from './pool.ts';

const unlimited: RootfsSurvey = {
  used: null,
  size: null,
  limitedBy: null,
  live: null,
  stored: null,
  daemon: null,
  restartUndoes: null,
};

/**
 * devicemapper. A stop and start activates the device with the size that the daemon has read, a restart of the host with
 * the one in its record; when either is smaller than what is there now, the container does not start again.
 */
export function thinRootfsSurvey(
  container: Container,
  rootfs: ThinRootfs | undefined,
  mapper: DeviceMapper | undefined,
): RootfsSurvey {
  const live = container.state.running ? liveBytes(mapper, container) : null;
  const held = Number(container.graph?.['DeviceSize'] ?? Number.NaN);
  const daemon = Number.isSafeInteger(held) ? held : null;
  const stored = rootfs?.stored.bytes ?? null;
  // What lies on the device counts as well: a table that somebody has made smaller hides a part of it.
  const is = live === null ? null : Math.max(live, rootfs?.fileSystem?.bytes ?? 0);
  return {
    used: rootfs?.usage?.used ?? null,
    // df's view leaves out what the file system keeps for itself; of a container that does not run there is only the record.
    size: rootfs?.usage?.size ?? live ?? stored,
    limitedBy: 'thin device',
    live,
    stored,
    daemon,
    restartUndoes: is === null || stored === null || daemon === null ? null : is > Math.min(stored, daemon),
  };
}

/** overlay2: Docker sets the quota when it makes the layer, and never again, so what is in force stays. `walked`: bytes of its own layer. */
export function layerSurvey(quota: DirectoryQuota | null | undefined, walked: number | null): RootfsSurvey {
  if (quota === null || quota === undefined || quota.project === 0) return { ...unlimited, used: walked };
  const limited = quota.limitBytes > 0;
  return {
    ...unlimited,
    used: quota.usedBytes,
    size: limited ? quota.limitBytes : null,
    limitedBy: limited ? 'project quota' : null,
    restartUndoes: limited ? false : null,
  };
}

export function unlimitedRootfs(): RootfsSurvey {
  return unlimited;
}
