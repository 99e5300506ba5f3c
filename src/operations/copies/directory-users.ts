import type { ContainerUse, Mount } from '../../facts/containers/container-uses.ts';
import { isWithin } from '../../facts/containers/container-uses.ts';

/** How a running container sees a directory of the host. */
export interface DirectoryUser {
  readonly use: ContainerUse;
  readonly writes: boolean;
  /** Mounts a directory above it only: a backup agent, or one that watches the whole host. */
  readonly fromAbove: boolean;
}

/** The running containers that have a directory (whatever its names are), something in it, or something above it mounted. */
export function runningUsers(uses: readonly ContainerUse[], directories: readonly string[]): readonly DirectoryUser[] {
  return uses
    .filter(({ running }) => running)
    .flatMap((use) => {
      const mounts = use.mounts.filter((mount) => directories.some((directory) => overlaps(mount, directory)));
      if (mounts.length === 0) return [];
      return [
        {
          use,
          writes: mounts.some(({ readOnly }) => !readOnly),
          fromAbove: mounts.every(({ source }) => !directories.some((directory) => isWithin(source, directory))),
        },
      ];
    });
}

function overlaps({ source }: Mount, directory: string): boolean {
  return source.startsWith('/') && (isWithin(source, directory) || isWithin(directory, source));
}

/** `a, b and c` for people, at most five. */
export function names(users: readonly { readonly name: string }[]): string {
  const shown = users.slice(0, 5).map(({ name }) => name);
  return users.length > shown.length
    ? `${shown.join(', ')} and ${String(users.length - shown.length)} more`
    : shown.join(', ');
}
