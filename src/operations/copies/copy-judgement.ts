import type { BegunCopies } from '../../facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import type { CopySource } from '../../facts/copies/copy-source.ts';
import type { CopyTools } from '../../facts/copies/directory-copy.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import { oneLine } from '../../values/terminal.ts';
import type { CopyMethod } from './copy-method.ts';
import type { Directory } from './copy-start.ts';
import { unfinishedInto } from './copy-start.ts';
import { names, runningUsers } from './directory-users.ts';

/** What speaks against copying from one directory to another on the same host, whatever the operation. */

export function notDirectory(path: string, kind: 'missing' | 'other'): Refusal {
  return refuse(
    kind === 'missing' ? `${path} does not exist` : `${path} is not a directory`,
    kind === 'missing'
      ? 'create it first (for a volume: docker volume create), or correct the path'
      : 'only directories are copied',
  );
}

export function overlap(source: Directory, target: Directory): Refusal | undefined {
  const remedy = 'name two directories of which neither contains the other';
  if (source.identity === target.identity)
    return refuse(`${source.path} and ${target.path} are the same directory`, remedy);
  if (`${target.path}/`.startsWith(`${source.path}/`))
    return refuse(`${target.path} lies inside ${source.path}: the copy would copy itself`, remedy);
  if (`${source.path}/`.startsWith(`${target.path}/`))
    return refuse(`${source.path} lies inside ${target.path}`, remedy);
  return undefined;
}

export function nested({ path, mountsBelow }: Directory): Refusal | undefined {
  if (mountsBelow.length === 0) return undefined;
  return refuse(
    `other file systems are mounted below ${path}: ${mountsBelow.join(', ')}`,
    'unmount them, or copy each of them in a step of its own: a copy stays on one file system',
  );
}

/** What is copied must be whole. */
export function unfinishedSource(source: Directory, { copies }: BegunCopies): Refusal | undefined {
  const copy = unfinishedInto(source, copies);
  if (copy === undefined) return undefined;
  return refuse(
    `${source.path} is itself a copy of ${copy.from} that was begun and never completed`,
    `complete it first, by the same step; or, if it is whole all the same, remove ${copy.file} on the host`,
  );
}

export const noMethod: Refusal = refuse(
  'the host has none of rsync (with ACLs and xattrs), GNU cp and GNU tar with GNU find',
  'install rsync on the host',
);

/** A way of copying that would lose something is not taken. */
export function unfit(method: CopyMethod, source: Directory, { sockets }: CopySource): Refusal | undefined {
  if (method.kind !== 'tar' || sockets === 0) return undefined;
  return refuse(
    `${source.path} holds ${String(sockets)} socket${sockets === 1 ? '' : 's'}, which tar leaves out`,
    'install rsync on the host; or stop what has made the sockets, and remove them: a program makes its sockets anew when it starts',
  );
}

export function tooSmall(source: Directory, target: Directory): Refusal | undefined {
  const bytes = Math.max(0, source.allocatedBytes - target.allocatedBytes);
  const inodes = Math.max(0, source.entries - target.entries);
  if (bytes > target.availableBytes)
    return refuse(
      `${target.path} has ${formatBytes(target.availableBytes)} free, the copy needs ${formatBytes(bytes)}`,
      'make room at the destination, or raise its quota',
    );
  if (target.inodesTotal > 0 && inodes > target.inodesAvailable)
    return refuse(
      `${target.path} has ${String(target.inodesAvailable)} free inodes, the copy needs ${String(inodes)}`,
      'choose a file system with more inodes',
    );
  return undefined;
}

/** What a running container writes, or expects to find, at the destination would be lost. A mount from above (a backup agent's) is no use of it. */
export function usedDestination(
  uses: readonly ContainerUse[] | null,
  directories: readonly string[],
): Refusal | undefined {
  const users = runningUsers(uses ?? [], directories).filter(({ writes, fromAbove }) => writes && !fromAbove);
  if (users.length === 0) return undefined;
  const who = names(users.map(({ use }) => use));
  return refuse(
    `${directories[0] ?? ''} is used by ${who}, which ${users.length === 1 ? 'is' : 'are'} running`,
    `stop ${users.length === 1 ? 'it' : 'them'} first (docker stop), or use copy_volume with stop: true`,
  );
}

/** About the source, whatever it is copied to. */
export function sourceWarnings(
  source: Directory,
  target: Directory,
  { fixed, firstFixed }: CopySource,
): readonly string[] {
  const sparse = source.apparentBytes - target.allocatedBytes > target.availableBytes;
  return [
    ...(fixed > 0
      ? [
          `${String(fixed)} of what is in ${source.path} cannot be changed (chattr +i or +a: ${firstFixed.map((path) => oneLine(path, 60)).join(', ')}): this flag is not copied`,
        ]
      : []),
    ...(sparse
      ? [
          `${source.path} would have ${formatBytes(source.apparentBytes)} without the holes in its files (or its compression), more than ${target.path} has room for: it fits only as long as they stay`,
        ]
      : []),
  ];
}

export function toolWarnings(method: CopyMethod, tools: CopyTools, bwlimit: string | undefined): readonly string[] {
  return [
    ...(method.kind !== 'rsync' && !(tools.getfattr && tools.getfacl)
      ? ['ACLs and extended attributes are copied but cannot be verified: getfattr or getfacl is missing']
      : []),
    ...(bwlimit !== undefined && method.kind !== 'rsync'
      ? [`bwlimit is ignored: ${method.kind} cannot limit its rate`]
      : []),
  ];
}
