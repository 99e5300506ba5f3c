import { formatBytes } from '../values/size.ts';
import type { Figure } from './figure.ts';
import type { ContainerSurvey, FileSystemSurvey, HostSurvey, PoolSurvey, VolumeSurvey } from './host-survey.ts';
import { remedyOf } from './remedy.ts';

type Part = Omit<Figure, 'host' | 'fullAt' | 'use' | 'remedy' | 'trend'> & { readonly fullAt?: number };

/** What can become full on a host: the whole before its parts. */
export function figuresOf(survey: HostSurvey): readonly Figure[] {
  const parts = [
    ...survey.fileSystems.map(fileSystemPart),
    ...(survey.pool === null ? [] : poolParts(survey.pool)),
    ...survey.containers.map(containerPart),
    ...survey.volumes.map(volumePart),
  ];
  return parts.map((part) => {
    const fullAt = part.fullAt ?? part.size;
    const use = part.used === null || fullAt === null || fullAt <= 0 ? null : part.used / fullAt;
    return { host: survey.host, ...part, fullAt, use, remedy: remedyOf(survey, part), trend: null };
  });
}

function fileSystemPart({
  mountPoint,
  type,
  size,
  used,
  available,
  inodes,
  freeInodes,
  quotas,
  holds,
}: FileSystemSurvey): Part {
  const inodesUsed = inodes === 0 ? 0 : (inodes - freeInodes) / inodes;
  return {
    kind: 'file system',
    name: mountPoint,
    key: `fs:${mountPoint}`,
    used,
    size,
    fullAt: used + available,
    restartUndoes: null,
    cautions: inodesUsed >= 0.9 ? [`${percent(inodesUsed)} of its inodes are used`] : [],
    notes: [
      `${type}: ${holds.join(', ')}`,
      ...(quotas === null ? [] : [quotas === 'not possible' ? 'no quotas possible' : `project quotas ${quotas}`]),
    ],
  };
}

function poolParts(pool: PoolSurvey): readonly Part[] {
  const wrong = [
    ...(pool.state === 'rw' ? [] : [`state ${pool.state}`]),
    ...(pool.needsCheck ? ['needs_check: repair it first'] : []),
  ];
  const one = (
    kind: 'pool data' | 'pool metadata',
    usage: PoolSurvey['data'],
    cautions: readonly string[],
    notes: readonly string[],
  ): Part => ({
    kind,
    name: pool.name,
    key: `${kind}:${pool.name}`,
    used: usage?.used ?? null,
    size: usage?.size ?? null,
    restartUndoes: null,
    cautions,
    notes,
  });
  return [
    one('pool data', pool.data, wrong, [...overcommitNote(pool), ...extendNotes(pool), ...loopNotes(pool)]),
    one('pool metadata', pool.metadata, [], []),
  ];
}

function overcommitNote({ overcommit, virtualBytes }: PoolSurvey): readonly string[] {
  return overcommit === null
    ? []
    : [`${formatBytes(virtualBytes)} promised to containers, ${overcommit.toFixed(2)} × its size`];
}

function extendNotes({ kind, autoextend, volumeGroup }: PoolSurvey): readonly string[] {
  if (kind !== 'lvm' || volumeGroup === null) return [];
  const how =
    autoextend === null
      ? 'autoextend not known'
      : autoextend === 'off'
        ? 'autoextend off'
        : `autoextend by ${String(autoextend.percent)}% at ${String(autoextend.threshold)}%`;
  return [`LVM, ${how}, ${formatBytes(volumeGroup.free)} free in ${volumeGroup.name}`];
}

function loopNotes({ loopFiles }: PoolSurvey): readonly string[] {
  return loopFiles.map(
    ({ path, bytes, allocated }) =>
      `loop file ${path.slice(path.lastIndexOf('/') + 1)}: ${formatBytes(allocated)} of ${formatBytes(bytes)} on the disk`,
  );
}

function containerPart({ id, name, state, startError, rootfs, mounts }: ContainerSurvey): Part {
  const { live, stored, daemon, restartUndoes } = rootfs;
  const undone =
    restartUndoes === true
      ? [`is ${shown(live)}, a restart makes it ${shown(Math.min(stored ?? 0, daemon ?? 0))}: then it does not start`]
      : [];
  const failed = startError === '' ? [] : [`its last start failed: ${startError}`];
  return {
    kind: 'container',
    name,
    key: `container:${id.slice(0, 12)}`,
    used: rootfs.used,
    size: rootfs.size,
    restartUndoes,
    cautions: [...undone, ...failed],
    notes: [
      ...(state === 'running' ? [] : [state]),
      ...(rootfs.limitedBy === null ? ['no size of its own'] : []),
      ...(mounts.length === 0 ? [] : [mounts.map(mountText).join('; ')]),
    ],
  };
}

/** `bind /srv → /data (ro)`, `volume db → /var/lib/db, from app`. */
export function mountText({ form, source, destination, readOnly, from }: ContainerSurvey['mounts'][number]): string {
  const what =
    form === 'tmpfs'
      ? 'tmpfs'
      : form === 'bind'
        ? `bind ${source}`
        : form === 'anonymous'
          ? `anonymous volume ${short(source)}`
          : form === 'other'
            ? `mount ${source}`
            : form === 'volumes-from'
              ? short(source)
              : `volume ${source}`;
  return `${what} → ${destination}${readOnly ? ' (ro)' : ''}${from === null ? '' : `, volumes-from ${from}`}`;
}

function volumePart(volume: VolumeSurvey): Part {
  const { name, driver, anonymous, quota, asked, mounted, usedBy, dangling, restartUndoes, used, size } = volume;
  const missing = quota === 'not enforced' ? [`made with size ${asked ?? ''}, which is not enforced`] : [];
  const undone = restartUndoes === true ? ['the next start of a container puts its old limit back'] : [];
  return {
    kind: 'volume',
    name,
    key: `volume:${name}`,
    used,
    size,
    restartUndoes,
    cautions: [...missing, ...undone],
    notes: [
      ...(anonymous ? ['anonymous'] : []),
      ...(driver === 'local' ? [] : [`driver ${driver}`]),
      ...(mounted === null ? [] : [`a ${mounted} of its own`]),
      ...(quota === 'enforced' ? ['quota enforced'] : []),
      ...(dangling === null ? [`used by ${usedBy.join(', ')}`] : [danglingText(dangling)]),
    ],
  };
}

export function danglingText({ since, basis }: NonNullable<VolumeSurvey['dangling']>): string {
  const day = since.slice(0, 10);
  return `dangling, ${basis === 'created' ? `created ${day === '' ? 'at a time that is not known' : day}` : `last seen in use ${day}`}`;
}

export function percent(share: number): string {
  return `${String(Math.floor(share * 100))}%`;
}

/** Names of anonymous volumes are 64 digits. */
function short(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name;
}

function shown(bytes: number | null): string {
  return bytes === null ? 'unknown' : formatBytes(bytes);
}
