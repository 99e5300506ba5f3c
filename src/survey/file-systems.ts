import type { DirectoryQuota } from '../facts/host/directory-quotas.ts';
import type { DiskSpace } from '../facts/host/disk-space.ts';
import type { Docker } from '../facts/daemon/docker.ts';
import type { FileSystemSurvey } from './host-survey.ts';
import { placesOf } from './needs.ts';

/** Each file system once, with what of Docker's lies on it. */
export function surveyFileSystems(
  docker: Docker,
  spaces: readonly (DiskSpace | null)[],
  mounts: readonly Mounted[],
): readonly FileSystemSurvey[] {
  const found = new Map<string, { readonly space: DiskSpace; readonly holds: string[] }>();
  for (const [index, { what }] of placesOf(docker).entries()) {
    const space = spaces[index];
    if (space === null || space === undefined) continue;
    const one = found.get(space.mountPoint) ?? { space, holds: [] };
    one.holds.push(what);
    found.set(space.mountPoint, one);
  }
  return [...found.values()].map(
    ({ space: { source, type, mountPoint, size, used, available, inodes, freeInodes }, holds }) => ({
      mountPoint,
      type,
      source,
      size,
      used,
      available,
      inodes,
      freeInodes,
      quotas: quotasOn(
        docker,
        type,
        mounts.find((mount) => mount.mountPoint === mountPoint),
      ),
      holds,
    }),
  );
}

type Mounted = Pick<DirectoryQuota, 'mountPoint'> & { readonly options: readonly string[] };

function quotasOn({ rootless }: Docker, type: string, mount: Mounted | undefined): FileSystemSurvey['quotas'] {
  if (type !== 'xfs' || rootless) return 'not possible';
  if (mount === undefined) return null;
  return hasProjectQuotas(mount.options) ? 'on' : 'off';
}

function hasProjectQuotas(options: readonly string[]): boolean {
  return options.some((option) => option === 'prjquota' || option === 'pquota');
}
