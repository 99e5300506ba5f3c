import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { StorageDrivers } from '../../facts/daemon/storage-drivers.ts';

/** What the daemon sees with its driver, and would not with another one. */
export interface Invisible {
  readonly driver: string;
  readonly containers: readonly string[];
  readonly images: number;
}

export function invisibleOf(
  { driver }: Docker,
  { images }: StorageDrivers,
  containers: readonly Container[],
): Invisible | undefined {
  const invisible = { driver, containers: containers.map(({ name }) => name).toSorted(), images: images[driver] ?? 0 };
  return invisible.containers.length + invisible.images === 0 ? undefined : invisible;
}

export function describeInvisible({ containers, images, driver }: Invisible): string {
  const parts = [
    ...(containers.length === 0 ? [] : [`${counted(containers.length, 'container')} (${inWords(containers)})`]),
    ...(images === 0 ? [] : [counted(images, 'image')]),
  ];
  return `${parts.join(' and ')} of ${driver}`;
}

/** Named and anonymous volumes stay, but nobody whom Docker sees uses them. */
export function volumesLeftBehind(uses: readonly ContainerUse[]): readonly string[] {
  return [
    ...new Set(
      uses.flatMap(({ mounts }) =>
        mounts.flatMap(({ type, name }) => (type === 'volume' && name !== undefined ? [name] : [])),
      ),
    ),
  ].sort();
}

export function counted(count: number, what: string): string {
  return `${String(count)} ${what}${count === 1 ? '' : 's'}`;
}

export function inWords(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${String(names.length - 5)} more` : names.join(', ');
}
