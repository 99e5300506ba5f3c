import type { Manifest } from '../../facts/backups/backup-shelf.ts';
import { archiveOf } from '../../facts/backups/backup-shelf.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import { enforceQuota } from '../volumes/create-volume.ts';
import { removeMade } from '../volumes/remove-volume.ts';
import { primeLabel } from '../versions/versions.ts';
import type { Kept } from './backup-input.ts';
import { describedKept, directoryOf, isHere } from './backup-input.ts';
import { getFromBucket } from './bucket.ts';
import { extract, unextract } from './extract-script.ts';

/** Of a volume that was made to restore a backup into it; its value is the backup's name. */
export const restoredLabel = 'plimsoll.restored';

export interface RestorePlan {
  readonly manifest: Manifest;
  /** Who says that it is the one that was made; undefined: nobody. */
  readonly madeBy: string | undefined;
  readonly volume: string;
  /** Where Docker puts its content. */
  readonly directory: string;
  /** Of its quota; 0 without one. */
  readonly bytes: number;
  /** From an attempt that was cut. */
  readonly exists: boolean;
  readonly inForce: boolean;
  readonly from: Kept;
  /** Where the archive is on the host, or is to be brought. */
  readonly archive: string;
  readonly there: boolean;
  /** The file on the host with the key; undefined when the archive is not encrypted. */
  readonly identity: string | undefined;
}

export function restoreChanges(plan: RestorePlan): readonly Change[] {
  return [
    ...(plan.exists && plan.inForce ? [] : [makeChange(plan)]),
    ...(plan.there ? [] : [bringChange(plan)]),
    extractChange(plan),
  ];
}

/** Docker sets a quota when it first mounts a volume, and never for what lies there already. */
function makeChange({ manifest, volume, directory, bytes, exists }: RestorePlan): Change {
  const labels = {
    ...Object.fromEntries(
      Object.entries(manifest.docker?.labels ?? {}).filter(([key]) => !key.startsWith('plimsoll.')),
    ),
    [restoredLabel]: manifest.name,
  };
  const size = bytes === 0 ? [] : ['--opt', `size=${String(bytes)}`];
  const format = `{{.Driver}} {{.Mountpoint}} {{index .Labels "${restoredLabel}"}}${bytes === 0 ? '' : ' {{index .Options "size"}}'}`;
  const identity = `local ${directory} ${manifest.name}${bytes === 0 ? '' : ` ${String(bytes)}`}`;
  const create: Action = {
    kind: 'exec',
    argv: [
      'docker',
      'volume',
      'create',
      '--driver',
      'local',
      ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      ...size,
      volume,
    ],
    timeoutMs: 120_000,
  };
  const quota = bytes === 0 ? '' : `, its quota of ${formatBytes(bytes)} in force`;
  return {
    summary: exists ? `${volume}: put its quota of ${formatBytes(bytes)} in force` : `${volume}: a new volume${quota}`,
    subject: `volume:${volume}`,
    before: { volume: exists ? 'without its quota' : 'none' },
    after: { volume: 'empty', bytes },
    actions: [
      ...(exists ? [] : [create]),
      // \`volume create\` of a name that exists changes nothing and says success.
      {
        kind: 'check',
        argv: ['docker', 'volume', 'inspect', '--format', format, volume],
        equals: identity,
        otherwise: `${volume} is not the volume that was to be made`,
      },
      ...(bytes === 0 ? [] : enforceQuota(volume, directory, bytes)),
    ],
    undo: [removeMade(volume, directory, primeLabel, format, identity)],
    ...(exists ? { undoneTo: { volume: 'none' } } : {}),
    atomic: true,
    bindings: {},
  };
}

function bringChange({ manifest, from, archive }: RestorePlan): Change {
  const there = from.host === undefined ? {} : { host: from.host };
  return {
    summary: `${archiveOf(manifest)} from ${describedKept(from)}, ${formatBytes(manifest.bytes)}`,
    subject: `archive:${manifest.name}`,
    before: { archive: 'elsewhere' },
    after: { archive: 'here' },
    actions:
      from.bucket !== undefined
        ? [getFromBucket(from, manifest, archive)]
        : [
            {
              kind: 'upload',
              from: `${directoryOf(from)}/${archiveOf(manifest)}`,
              ...there,
              path: archive,
              mode: '0600',
              sha256: manifest.sha256,
              bytes: manifest.bytes,
              resumes: true,
            },
          ],
    undo: [{ kind: 'exec', argv: ['rm', '-f', '--', archive, archive.replace(/([^/]+)$/, '.$1.part')] }],
    atomic: from.bucket !== undefined,
    bindings: {},
  };
}

function extractChange({ manifest, madeBy, volume, directory, from, archive, identity }: RestorePlan): Change {
  const { list, entries, sockets, root, name } = manifest;
  const proof =
    list.contents === undefined ? "its archive's checksum compared" : 'compared with the manifest, file by file';
  const onItsWay = !isHere(from);
  return {
    summary: `${name}${madeBy === undefined ? '' : `, ${madeBy}`} → volume ${volume}${identity === undefined ? '' : `, decrypted with ${identity}`}: ${String(entries - sockets)} entries, ${formatBytes(manifest.allocatedBytes)}, ${proof}`,
    subject: `content:${volume}`,
    before: { content: 'none' },
    after: { content: name, owner: root.owner, mode: root.mode },
    actions: [extract({ manifest, archive, volume, directory, onItsWay, identity })],
    undo: unextract(volume, directory, onItsWay ? archive : undefined),
    atomic: true,
    bindings: {},
  };
}
