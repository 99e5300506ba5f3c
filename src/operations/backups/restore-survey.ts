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
import { SizeError } from '../../values/size.ts';
import { sizeText } from '../engine/input.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, later, perhaps, together } from '../engine/reading.ts';
import { copiedDirectory } from '../copies/copy-input.ts';
import { dockerBytes } from '../../values/docker-size.ts';
import { volumeName } from '../versions/versions.ts';
import { backupsIn, describedKept, directoryOf, isHere, shelfOf } from './backup-input.ts';
import { askIdentity } from './identity.ts';
import type { Place } from './own-place.ts';
import { ownPlaces, readPlaces } from './own-place.ts';
import { vouchedFor } from './vouching.ts';

export const restoreVolumeSchema = z.strictObject({
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
export type RestoreWant = z.infer<typeof restoreVolumeSchema>;

/** What is known of the host, and of the backup that is meant, before it is restored. */
export interface RestoreSeen {
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

export function* readRestore(want: RestoreWant): Reading<RestoreSeen> {
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
  { host, docker: { root }, volume }: Pick<RestoreSeen, 'host' | 'docker' | 'volume'>,
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

/** The same before and after it has been made the name of one backup. */
function prefixOf({ backup }: RestoreWant): string {
  const [before = ''] = backup.split('@');
  return `${before}@`;
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

export function directoryIn(root: string, { volume }: RestoreWant): string {
  return `${volumesRoot(root)}/${volume}/_data`;
}

/** Of the new volume; 0: none. */
export function sizeOf({ size }: RestoreWant, { manifest }: Backup): number {
  return size === undefined ? manifest.sizeBytes : (dockerBytes(size) ?? 0);
}

export const volumesRoot = (root: string): string => `${root}/volumes`;

/** Where the archive is on the host, or is to be brought. */
export function archivePath(want: RestoreWant, { manifest }: Backup, host: BackupHost): string {
  return `${isHere(want.from) ? directoryOf(want.from) : spoolOf(want, host)}/${archiveOf(manifest)}`;
}

function spoolOf({ spool }: RestoreWant, { state }: BackupHost): string {
  return spool ?? `${state}/spool`;
}
