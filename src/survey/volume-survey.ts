import type { ContainerUse } from '../facts/containers/container-uses.ts';
import { usersOfVolume } from '../facts/containers/container-uses.ts';
import type { DirectoryQuota } from '../facts/host/directory-quotas.ts';
import type { DiskSpace } from '../facts/host/disk-space.ts';
import type { RecordedContainer } from '../facts/daemon/storage-drivers.ts';
import type { Volume } from '../facts/volumes/volumes.ts';
import type { Dangling, VolumeSurvey } from './host-survey.ts';
import { isAnonymous } from './mounts.ts';

/** What is known of one volume's size. */
export interface Measured {
  readonly quota: DirectoryQuota | null | undefined;
  /** Of what is mounted there itself. */
  readonly mounted: DiskSpace | null | undefined;
  readonly walked: number | null;
  /** When an earlier survey last saw it in use; undefined when none did. */
  readonly lastUsed: string | undefined;
}

export function surveyVolume(
  volume: Volume,
  uses: readonly ContainerUse[],
  invisible: readonly RecordedContainer[],
  measured: Measured,
): VolumeSurvey {
  const { quota, mounted } = measured;
  const unseen = invisible
    .filter(({ volumes }) => volumes.includes(volume.name))
    .map(({ name, driver }) => `${name} (of ${driver})`);
  const users = [...usersOfVolume(uses, volume).map(({ name }) => name), ...unseen];
  const limit = quota !== null && quota !== undefined && quota.limitBytes > 0 ? quota.limitBytes : null;
  const asked = volume.options['size'] ?? null;
  const { used, usedFrom } = usedOf(measured);
  return {
    name: volume.name,
    driver: volume.driver,
    anonymous: isAnonymous(volume),
    createdAt: volume.createdAt,
    size: mounted?.size ?? limit,
    used,
    usedFrom,
    asked,
    quota: quotaOf(volume, quota, limit, asked),
    mounted: mounted?.type ?? null,
    usedBy: users,
    dangling: users.length > 0 ? null : danglingSince(volume, measured.lastUsed),
    restartUndoes:
      limit === null || quota === null || quota === undefined
        ? null
        : quota.recordUnread || (quota.recordedBytes !== undefined && quota.recordedBytes !== limit),
  };
}

function usedOf({ quota, mounted, walked }: Measured): Pick<VolumeSurvey, 'used' | 'usedFrom'> {
  if (mounted !== null && mounted !== undefined) return { used: mounted.used, usedFrom: 'mount' };
  if (quota !== null && quota !== undefined && quota.project !== 0) return { used: quota.usedBytes, usedFrom: 'quota' };
  return walked === null ? { used: null, usedFrom: null } : { used: walked, usedFrom: 'walk' };
}

function quotaOf(
  volume: Volume,
  quota: Measured['quota'],
  limit: number | null,
  asked: string | null,
): VolumeSurvey['quota'] {
  if (limit !== null) return 'enforced';
  if (volume.driver !== 'local' || quota === undefined || quota === null) return null;
  return asked === null ? 'none' : 'not enforced';
}

function danglingSince({ createdAt }: Volume, lastUsed: string | undefined): Dangling {
  return lastUsed === undefined
    ? { since: createdAt, basis: 'created' }
    : { since: lastUsed, basis: 'last seen in use' };
}
