import { AppError } from '../errors.ts';
import type { Container } from '../facts/containers/containers.ts';
import { containers } from '../facts/containers/containers.ts';
import { containerUses } from '../facts/containers/container-uses.ts';
import { deviceMapper } from '../facts/host/device-mapper.ts';
import { directoryQuotas } from '../facts/host/directory-quotas.ts';
import { directoryUsage } from '../facts/host/directory-usage.ts';
import { diskSpace } from '../facts/host/disk-space.ts';
import type { Docker } from '../facts/daemon/docker.ts';
import { dockerInfo } from '../facts/daemon/docker.ts';
import type { FactRequest, Known } from '../facts/fact.ts';
import { ask } from '../facts/fact.ts';
import { poolBacking } from '../facts/pools/pool-backing.ts';
import { storageDrivers } from '../facts/daemon/storage-drivers.ts';
import type { Volume } from '../facts/volumes/volumes.ts';
import { volumes } from '../facts/volumes/volumes.ts';
import { layerDirectory } from '../operations/rootfs/grow-overlay.ts';
import { askThinRootfs } from '../operations/rootfs/thin.ts';

export interface SurveyWant {
  /** Walk over what has no quota, for so many seconds a host at most. */
  readonly usageSeconds: number | undefined;
}

/** The answer, or why there is none: a survey shows what it can. */
export function attempt<Value>(
  known: Known,
  request: FactRequest<Value>,
): { readonly value: Value } | { readonly error: AppError } | undefined {
  try {
    const value = known.get(request);
    return value === undefined ? undefined : { value };
  } catch (thrown) {
    if (thrown instanceof AppError) return { error: thrown };
    throw thrown;
  }
}

export function valueOf<Value>(known: Known, request: FactRequest<Value>): Value | undefined {
  const answer = attempt(known, request);
  return answer !== undefined && 'value' in answer ? answer.value : undefined;
}

const first: readonly FactRequest[] = [
  ask(dockerInfo),
  ask(containers),
  ask(containerUses),
  ask(volumes),
  ask(deviceMapper),
];

/**
 * Two flights, whatever a host has: what Docker and device-mapper say; then what the disks say of all of it. A third one
 * for volumes that are mounts of their own, or when contents are to be walked over.
 */
export function surveyNeeds(want: SurveyWant, known: Known): readonly FactRequest[] {
  if (first.some((request) => attempt(known, request) === undefined)) return first;
  const docker = valueOf(known, ask(dockerInfo));
  if (docker === undefined) return [];
  const all = valueOf(known, ask(containers)) ?? [];
  const some = valueOf(known, ask(volumes)) ?? [];
  const second: readonly FactRequest[] = [
    askSpaces(docker),
    askQuotas(docker, all, some),
    askRecords(docker),
    ...(docker.driver === 'devicemapper'
      ? [askPool(docker), ...all.flatMap((container) => askThinRootfs(container, docker) ?? [])]
      : []),
  ];
  if (second.some((request) => attempt(known, request) === undefined)) return second;
  return [askMounted(docker, all, some, known), askUsage(want, docker, all, some, known)].flatMap(
    (request) => request ?? [],
  );
}

/** Where Docker keeps things that may lie on different file systems, with what they are. */
export function placesOf(docker: Docker): readonly { readonly path: string; readonly what: string }[] {
  const loops = loopFilesOf(docker);
  return [
    { path: docker.root, what: "Docker's data" },
    { path: volumesRoot(docker), what: 'volumes' },
    ...(docker.containerdImageStore ? [{ path: '/var/lib/containerd', what: 'containers and images' }] : []),
    ...(loops.data === undefined ? [] : [{ path: loops.data, what: "the pool's data" }]),
    ...(loops.metadata === undefined ? [] : [{ path: loops.metadata, what: "the pool's metadata" }]),
  ];
}

/** Containers of another storage driver than the daemon has: it does not see them, and they have their volumes all the same. */
export function askRecords({ root }: Docker) {
  return ask(storageDrivers, root, '');
}

export function askSpaces(docker: Docker) {
  return ask(diskSpace, ...placesOf(docker).map(({ path }) => path));
}

export function loopFilesOf({ driverStatus }: Docker): {
  readonly data: string | undefined;
  readonly metadata: string | undefined;
} {
  return { data: driverStatus['Data loop file'], metadata: driverStatus['Metadata loop file'] };
}

export function poolName({ driverStatus }: Docker): string {
  return driverStatus['Pool Name'] ?? '';
}

export function askPool(docker: Docker) {
  const { data, metadata } = loopFilesOf(docker);
  return ask(poolBacking, poolName(docker), ...[data, metadata].flatMap((path) => path ?? []));
}

function volumesRoot({ root }: Docker): string {
  return `${root}/volumes`;
}

/** A volume that is a directory of this file system, and no mount of something else that might not answer. */
export function isDirectory({ driver, options }: Volume): boolean {
  return (
    driver === 'local' &&
    (options['type'] ?? '') === '' &&
    (options['device'] ?? '') === '' &&
    options['o'] === undefined
  );
}

/** The directories whose quotas are asked for, in this order: of volumes, of containers' layers. */
export function directoriesOf(docker: Docker, all: readonly Container[], some: readonly Volume[]): readonly string[] {
  const layers = docker.driver === 'overlay2' ? all.flatMap((container) => layerDirectory(container) ?? []) : [];
  return [...some.filter(isDirectory).map(({ mountpoint }) => mountpoint), ...layers];
}

export function askQuotas(docker: Docker, all: readonly Container[], some: readonly Volume[]) {
  return ask(directoryQuotas, docker.root, volumesRoot(docker), ...directoriesOf(docker, all, some));
}

/** Volumes that are mounts of their own: df tells how full they are, as long as a container keeps them mounted. */
export function mountedVolumes(
  known: Known,
  docker: Docker,
  all: readonly Container[],
  some: readonly Volume[],
): readonly Volume[] {
  const mounts = valueOf(known, askQuotas(docker, all, some))?.mounts ?? [];
  return some.filter(({ mountpoint }) => mounts.some((mount) => mount.mountPoint === mountpoint));
}

export function askMounted(docker: Docker, all: readonly Container[], some: readonly Volume[], known: Known) {
  const mounted = mountedVolumes(known, docker, all, some);
  return mounted.length === 0 ? undefined : ask(diskSpace, ...mounted.map(({ mountpoint }) => mountpoint));
}

/** What has no quota that would tell its size for nothing. */
export function unmeasured(
  known: Known,
  docker: Docker,
  all: readonly Container[],
  some: readonly Volume[],
): readonly string[] {
  const quotas = valueOf(known, askQuotas(docker, all, some))?.directories ?? [];
  return directoriesOf(docker, all, some).filter((_directory, index) => (quotas[index]?.project ?? 0) === 0);
}

export function askUsage(
  { usageSeconds }: SurveyWant,
  docker: Docker,
  all: readonly Container[],
  some: readonly Volume[],
  known: Known,
) {
  const paths = usageSeconds === undefined ? [] : unmeasured(known, docker, all, some);
  return usageSeconds === undefined || paths.length === 0
    ? undefined
    : ask(directoryUsage(usageSeconds), String(usageSeconds), ...paths);
}
