import { formatBytes } from '../../values/size.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { judgeNewVolume } from '../volumes/situation.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { secretFilesAt } from '../engine/secret-files.ts';
import { describedKept, isHere, resourceOf } from './backup-input.ts';
import { judgeIdentity } from './identity.ts';
import { judgePlaces } from './own-place.ts';
import type { RestorePlan } from './restore-changes.ts';
import { restoreChanges, restoredLabel } from './restore-changes.ts';
import type { RestoreSeen, RestoreWant } from './restore-survey.ts';
import { archivePath, directoryIn, readRestore, restoreVolumeSchema, sizeOf, volumesRoot } from './restore-survey.ts';
import { judgeVouched } from './vouching.ts';

export const restoreVolume = defineOperation<RestoreWant, RestoreSeen>({
  name: 'restore_volume',
  summary: 'Restore a backup into a new volume, its quota in force first, and prove that it is what was backed up',
  schema: restoreVolumeSchema,
  laptopPaths: [['from', 'laptop']],
  secretFiles: secretFilesAt(['from', 'credentials'], ['identity']),
  readOnly: false,
  repeats: false,
  read: readRestore,
  plan: planRestore,

  pin: (want, { found }) => (isRefused(found) ? want : { ...want, backup: found.chosen.name }),

  repin: (want, fresh, saved) =>
    want.backup.includes('@') || !saved.backup.startsWith(`${want.backup}@`)
      ? fresh
      : { ...fresh, backup: saved.backup },

  touches(want, { docker }) {
    const made = [`volume:${want.volume}`, `path:${directoryIn(docker.root, want)}`];
    return {
      reads: [
        'docker',
        resourceOf(want.from),
        ...(want.identity === undefined ? [] : [`path:${want.identity}`]),
        ...made,
      ],
      changes: made,
    };
  },

  result(want, { shelf }) {
    const manifest = shelf.backups.find(({ name }) => name === want.backup)?.manifest;
    return {
      volume: want.volume,
      backup: want.backup,
      entries: manifest?.entries ?? null,
      bytes: manifest?.allocatedBytes ?? null,
    };
  },
});

function planRestore(want: RestoreWant, { host, docker, tools, volume, found }: RestoreSeen): Decision {
  if (isRefused(found)) return found;
  const { chosen, quota, state } = found;
  const { manifest } = chosen;
  const { root } = docker;
  if (!tools.tar || !tools.manifest)
    return refuse(
      'the host has no GNU tar, GNU find and sha256sum, which keep everything that files have',
      'install them',
    );
  if (!host.decompresses.includes(manifest.compression))
    return refuse(
      `the host has no ${manifest.compression}, with which ${chosen.name} is compressed`,
      `install ${manifest.compression} on the host`,
    );
  const bytes = sizeOf(want, chosen);
  if (bytes > 0 && bytes < manifest.allocatedBytes)
    return refuse(
      `${want.volume} is to have ${formatBytes(bytes)}, and ${chosen.name} holds ${formatBytes(manifest.allocatedBytes)}`,
      'give it a larger size',
    );

  const record = host.restored.find((one) => one.volume === want.volume && one.backup === chosen.name);
  const ours = volume?.labels[restoredLabel] === chosen.name;
  if (volume !== undefined && !ours)
    return refuse(`there is a volume ${want.volume} already`, 'name a new one: nothing is restored over what is there');
  if (volume !== undefined && record?.done === true)
    return {
      outcome: 'noop',
      reason: `${want.volume} was restored from ${chosen.name}`,
      ...notes(manifest.sockets, []),
    };
  const unsuitable = quota === undefined ? undefined : judgeNewVolume(want.volume, volumesRoot(root), quota, docker);
  if (unsuitable !== undefined)
    return refuse(`${want.volume} is to have ${formatBytes(bytes)}: ${unsuitable.reason}`, unsuitable.remedy);
  const vouched = judgeVouched(chosen, describedKept(want.from), want.unvouched, found.vouched);
  if (isRefused(vouched)) return vouched;
  const locked = judgeIdentity(manifest, want.identity, host, found.identity);
  if (locked !== undefined) return locked;

  const archive = archivePath(want, chosen, host);
  const file = found.file?.();
  const there = isHere(want.from) || (file?.exists === true && file.sha256 === manifest.sha256);
  const foreign = there ? undefined : judgePlaces(found.places);
  if (foreign !== undefined) return foreign;
  const room = found.room.availableBytes;
  const needed = Math.max(manifest.allocatedBytes, manifest.unpackedBytes ?? 0) + (there ? 0 : manifest.bytes);
  if (needed > room)
    return refuse(
      `${root} has ${formatBytes(room)} free, and ${chosen.name} needs ${formatBytes(needed)} with its archive`,
      'make room on the host',
    );
  const plan: RestorePlan = {
    manifest,
    madeBy: vouched.madeBy,
    volume: want.volume,
    directory: directoryIn(root, want),
    bytes,
    exists: volume !== undefined,
    inForce: bytes === 0 || state?.quota?.limitBytes === bytes || record !== undefined,
    from: want.from,
    archive,
    there,
    identity: manifest.encryptedTo === undefined ? undefined : want.identity,
  };
  const sparse =
    manifest.apparentBytes > room
      ? [
          `${chosen.name} would have ${formatBytes(manifest.apparentBytes)} without the holes in its files, more than there is room for: it fits only as long as they stay`,
        ]
      : [];
  return {
    outcome: 'change',
    changes: restoreChanges(plan),
    ...notes(manifest.sockets, [
      ...vouched.warnings,
      ...sparse,
      ...liveNotes(manifest.consistency, manifest.changed),
      ...(want.identity !== undefined && manifest.encryptedTo === undefined
        ? [`${chosen.name} is not encrypted: ${want.identity} is not used`]
        : []),
    ]),
  };
}

function liveNotes(consistency: string, changed: number): readonly string[] {
  return consistency === 'live'
    ? [
        `it was backed up live${changed > 0 ? `, and ${String(changed)} files changed meanwhile` : ''}: only its archive's checksum can be verified`,
      ]
    : [];
}

function notes(sockets: number, more: readonly string[]): { readonly warnings?: readonly string[] } {
  const warnings = [
    ...(sockets > 0
      ? [
          `${String(sockets)} socket${sockets === 1 ? ' was' : 's were'} not backed up: a program makes its sockets anew when it starts`,
        ]
      : []),
    ...more,
  ];
  return warnings.length === 0 ? {} : { warnings };
}
