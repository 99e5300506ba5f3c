import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { byHand } from '../../values/shell.ts';
import { formatBytes } from '../../values/size.ts';
import type { Directory } from '../copies/copy-start.ts';
import { isNew, labelOf, nextVersion, primeLabel, versionOf, versionUntilNow } from '../versions/versions.ts';
import type { NewVolume } from './create-volume.ts';
import type { Situation } from './situation.ts';

/** Docker removes volumes with this label by itself; one that was copied with care is not to be lost that way. */
const anonymousLabel = 'com.docker.volume.anonymous';

export interface CopyTarget extends NewVolume {
  /** Its quota is in force. */
  readonly ready: boolean;
}

/** The volume to copy to: one that was made for this and has not taken the old one's place yet, or a new one. */
export function targetOf(situation: Situation, bytes: number): CopyTarget | Refusal {
  const { volume, family, all, past, pending, state, uses } = situation;
  const bytesBefore = state.options?.quotaBytes ?? 0;
  const labels = Object.fromEntries(
    Object.entries(volume.labels).filter(
      ([key]) => !(Object.values(labelOf) as readonly string[]).includes(key) && key !== anonymousLabel,
    ),
  );
  const shared = {
    family,
    replaces: volume.name,
    bytes,
    labels,
    bytesBefore,
    untilNow: versionUntilNow(volume, bytesBefore),
  };
  const [left, ...more] = pending;
  if (left === undefined) {
    const version = nextVersion(all, family, past.ledger.highest);
    const name = `${family}-${String(version)}`;
    return {
      ...shared,
      version,
      name,
      mountpoint: `${volume.mountpoint.split('/').slice(0, -2).join('/')}/${name}/_data`,
      exists: false,
      ready: false,
    };
  }
  const { name, mountpoint } = left.volume;
  const bytesThere = left.state.options?.quotaBytes ?? 0;
  if (more.length > 0 || bytesThere !== bytes) {
    const names = pending
      .map((one) => `${one.volume.name} (${formatBytes(one.state.options?.quotaBytes ?? 0)})`)
      .join(' and ');
    return refuse(
      `${names} was made to take the place of ${volume.name}, and the copy to it was never completed`,
      `complete it (plimsoll resume, or the same step with its size) or take it back (plimsoll rollback); what is of no use any more: ${byHand('docker', 'volume', 'rm', ...pending.map((one) => one.volume.name))}`,
    );
  }
  // With the container of the attempt that was cut, the volume could not be removed.
  const cut = uses.some((use) => use.labels[primeLabel] === name);
  const ready =
    !cut && left.state.quota !== undefined && left.state.quota.project !== 0 && left.state.quota.limitBytes === bytes;
  return { ...shared, version: versionOf(left.volume), name, mountpoint, exists: true, ready };
}

/** A new container that was started, failed, and is kept with the new volume, because it may have written. */
export function keptByFailure({ uses, past }: Situation, { name, mountpoint }: CopyTarget): Refusal | undefined {
  const kept = uses.find(
    (use) =>
      isNew(use, past) &&
      !past.replacements.some((one) => one.new === use.id) &&
      use.mounts.some((mount) => mount.name === name) &&
      !use.startedAt.startsWith('0001-'),
  );
  if (kept === undefined) return undefined;
  return refuse(
    `${kept.name} is kept with ${name}: it was started in place of another one, failed, and what it has written is only there`,
    `look at what it wrote (${mountpoint}) and at its logs; then ${byHand('docker', 'rm', kept.name)}, ${byHand('docker', 'volume', 'rm', name)}, and run the same again`,
  );
}

export function tooLarge(
  { volume, state, pending }: Situation,
  source: Directory,
  target: CopyTarget,
  bytes: number,
): Refusal | undefined {
  if (source.allocatedBytes > bytes)
    return refuse(
      `${volume.name} uses ${formatBytes(source.allocatedBytes)}, more than the ${formatBytes(bytes)} wanted`,
      `ask for more than ${formatBytes(source.allocatedBytes)}, or remove what is not needed first`,
    );
  const there = pending.find((one) => one.volume.name === target.name)?.state.quota?.usedBytes ?? 0;
  const free = state.quota?.freeBytes ?? 0;
  if (source.allocatedBytes - there > free)
    return refuse(
      `${state.quota?.mountPoint ?? ''} has ${formatBytes(free)} free, the copy needs ${formatBytes(source.allocatedBytes - there)}`,
      'make room there: the old volume stays beside the new one until plimsoll finalize',
    );
  const inodes = source.entries - (pending.find((one) => one.volume.name === target.name)?.state.usedInodes ?? 0);
  if (source.inodesTotal > 0 && inodes > source.inodesAvailable)
    return refuse(
      `the file system has ${String(source.inodesAvailable)} free inodes, the copy needs ${String(inodes)}`,
      'remove files that are not needed',
    );
  return undefined;
}
