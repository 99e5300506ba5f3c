import * as z from 'zod';
import type { BackupHost } from '../../facts/backups/backup-host.ts';
import { backupHost } from '../../facts/backups/backup-host.ts';
import type { AgeIdentity } from '../../facts/backups/age-identity.ts';
import type { Backup, Shelf } from '../../facts/backups/backup-shelf.ts';
import { archiveOf } from '../../facts/backups/backup-shelf.ts';
import type { Vouched } from '../../facts/backups/backup-vouch.ts';
import type { CopyTools } from '../../facts/copies/directory-copy.ts';
import { copyTools } from '../../facts/copies/directory-copy.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { HostFile } from '../../facts/host/file.ts';
import { hostFile } from '../../facts/host/file.ts';
import type { ProjectQuota } from '../../facts/host/project-quota.ts';
import type { Room } from '../../facts/copies/receiving-host.ts';
import { roomIn } from '../../facts/copies/receiving-host.ts';
import type { VolumeState } from '../../facts/volumes/volume-state.ts';
import { volumeState } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import { volumesQuota } from '../../facts/volumes/volumes-quota.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes, SizeError } from '../../values/size.ts';
import { sizeText } from '../engine/input.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, later, perhaps, together } from '../engine/reading.ts';
import { secretFilesAt } from '../engine/secret-files.ts';
import { copiedDirectory } from '../copies/copy-input.ts';
import { dockerBytes } from '../../values/docker-size.ts';
import { judgeNewVolume } from '../volumes/situation.ts';
import { volumeName } from '../versions/versions.ts';
import { backupsIn, describedKept, directoryOf, isHere, resourceOf, shelfOf } from './backup-input.ts';
import { askIdentity, judgeIdentity } from './identity.ts';
import type { Place } from './own-place.ts';
import { judgePlaces, ownPlaces, readPlaces } from './own-place.ts';
import type { RestorePlan } from './restore-changes.ts';
import { restoreChanges, restoredLabel } from './restore-changes.ts';
import { judgeVouched, vouchedFor } from './vouching.ts';

const schema = z.strictObject({
  volume: z
    .string()
    .regex(volumeName, "must be a name that Docker's local volumes can have")
    .describe('the new volume; a name that was never used on the host'),
  from: backupsIn('where the backup is kept'),
  backup: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]*$/, 'must be the name of a backup, or what it begins with before the @')
    .describe(
      "a backup's name; or what stands in it before the @, such as the name of the volume: the newest complete one, refused where several hosts have made such",
    ),
  size: sizeText((text) => {
    if ((dockerBytes(text) ?? 0) < 1) throw new SizeError(`"${text}" is no size`);
  })
    .optional()
    .describe("the new volume's quota, as Docker takes sizes (20GiB); that of the backup when absent"),
  identity: copiedDirectory
    .optional()
    .describe(
      "for an encrypted backup: the file on the host with the secret key, which belongs to root with mode 0600 or 0400; the host's own age reads it, plimsoll does not",
    ),
  unvouched: z
    .literal('allow')
    .optional()
    .describe(
      'allow: restore also a backup for which neither the records nor a seal vouch: whoever may write where it is kept may have put it there',
    ),
  spool: copiedDirectory
    .optional()
    .describe(
      'the directory on the host to which the archive is brought; spool in the state directory (/var/lib/plimsoll/spool) when absent',
    ),
});
export type RestoreWant = z.infer<typeof schema>;

interface Seen {
  readonly host: BackupHost;
  readonly docker: Docker;
  readonly tools: CopyTools;
  readonly shelf: Shelf;
  /** The volume of that name, where there is one, and how it is. */
  readonly volume: Volume | undefined;
  readonly found: Found | Refusal;
}

/** The backup that is meant, and what decides whether it can be restored. */
interface Found {
  readonly chosen: Backup;
  /** Where Docker keeps everything. */
  readonly room: Room;
  /** Of where Docker's volumes lie, where a new one gets a size. */
  readonly quota: ProjectQuota | null | undefined;
  /** The archive on the host, where it has to be brought there. */
  readonly file: (() => HostFile) | undefined;
  readonly places: readonly Place[];
  readonly state: VolumeState | undefined;
  readonly identity: AgeIdentity | undefined;
  readonly vouched: Vouched;
}

function* read(want: RestoreWant): Reading<Seen> {
  const [host, docker, all, tools, shelf] = yield* together(
    ask(backupHost),
    ask(dockerInfo),
    ask(volumes),
    ask(copyTools),
    shelfOf(want.from, prefixOf(want)),
  );
  const volume = all.find(({ name }) => name === want.volume);
  const chosen = choose(want, shelf);
  const found = isRefused(chosen) ? chosen : yield* readFound(want, chosen, { host, docker, volume });
  return { host, docker, tools, shelf, volume, found };
}

function* readFound(
  want: RestoreWant,
  chosen: Backup,
  { host, docker: { root }, volume }: Pick<Seen, 'host' | 'docker' | 'volume'>,
): Reading<Found> {
  const sized = volume === undefined && sizeOf(want, chosen) > 0;
  const brought = !isHere(want.from);
  const [[room, vouched], [[quota, state], [[file, places], identity]]] = yield* beside(
    together(ask(roomIn, root), vouchedFor(chosen)),
    beside(
      beside(
        perhaps(sized ? ask(volumesQuota, volumesRoot(root)) : undefined),
        perhaps(volume === undefined ? undefined : ask(volumeState, volume.mountpoint)),
      ),
      beside(
        beside(
          readArchive(brought ? ask(hostFile, archivePath(want, chosen, host)) : undefined),
          readPlaces(brought ? ownPlaces(undefined, spoolOf(want, host)) : []),
        ),
        perhaps(askIdentity(chosen.manifest, want.identity)),
      ),
    ),
  );
  return { chosen, room, quota, file, places, state, identity, vouched };
}

function* readArchive(request: FactRequest<HostFile> | undefined): Reading<Found['file']> {
  return request === undefined ? undefined : yield* later(request);
}

export const restoreVolume = defineOperation<RestoreWant, Seen>({
  name: 'restore_volume',
  summary: 'Restore a backup into a new volume, its quota in force first, and prove that it is what was backed up',
  schema,
  laptopPaths: [['from', 'laptop']],
  secretFiles: secretFilesAt(['from', 'credentials'], ['identity']),
  readOnly: false,
  repeats: false,
  read,
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

/** The same before and after it has been made the name of one backup. */
function prefixOf({ backup }: RestoreWant): string {
  const [before = ''] = backup.split('@');
  return `${before}@`;
}

function directoryIn(root: string, { volume }: RestoreWant): string {
  return `${volumesRoot(root)}/${volume}/_data`;
}

/** Of the new volume; 0: none. */
function sizeOf({ size }: RestoreWant, { manifest }: Backup): number {
  return size === undefined ? manifest.sizeBytes : (dockerBytes(size) ?? 0);
}

const volumesRoot = (root: string): string => `${root}/volumes`;

/** Where the archive is on the host, or is to be brought. */
function archivePath(want: RestoreWant, { manifest }: Backup, host: BackupHost): string {
  return `${isHere(want.from) ? directoryOf(want.from) : spoolOf(want, host)}/${archiveOf(manifest)}`;
}

function spoolOf({ spool }: RestoreWant, { state }: BackupHost): string {
  return spool ?? `${state}/spool`;
}

/** The backup that is meant: only a complete one. */
function choose(want: RestoreWant, { backups, exists, unreadable }: Shelf): Backup | Refusal {
  const where = describedKept(want.from);
  const found = want.backup.includes('@') ? backups.filter(({ name }) => name === want.backup) : backups;
  const complete = found.filter((backup) => backup.complete);
  const newest = complete.toSorted((a, b) => (a.manifest.created < b.manifest.created ? 1 : -1))[0];
  if (newest === undefined) {
    const why = !exists
      ? `there is no ${where}`
      : found.length > 0
        ? `the archive of ${found[0]?.name ?? ''} is gone, or not whole`
        : unreadable.length > 0
          ? `${unreadable[0] ?? ''} is no manifest of a backup`
          : 'there is none of that name';
    return refuse(
      `no complete backup ${want.backup} in ${where}: ${why}`,
      'look at what is there; only what has its manifest and the whole of its archive is restored',
    );
  }
  const hosts = [...new Set(complete.map(({ manifest }) => manifest.host))];
  if (hosts.length > 1 && !want.backup.includes('@'))
    return refuse(
      `${where} has backups of ${want.backup} of several hosts: ${hosts.join(', ')}`,
      `name the backup itself, for example ${newest.name}`,
    );
  return newest;
}

function planRestore(want: RestoreWant, { host, docker, tools, volume, found }: Seen): Decision {
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
