import * as z from 'zod';
import type { BackupHost } from '../../facts/backups/backup-host.ts';
import { backupHost } from '../../facts/backups/backup-host.ts';
import type { Shelf } from '../../facts/backups/backup-shelf.ts';
import { backupShelf } from '../../facts/backups/backup-shelf.ts';
import { begunCopies } from '../../facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { CopySource } from '../../facts/copies/copy-source.ts';
import { containerUsesIfAny, copySource } from '../../facts/copies/copy-source.ts';
import type { BackupName } from '../../facts/crossing.ts';
import { backupName, crossing } from '../../facts/crossing.ts';
import { copyDirectory, copyTools } from '../../facts/copies/directory-copy.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { realPath } from '../../facts/host/real-path.ts';
import type { StoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { stoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { volumeState } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import type { Directory } from '../copies/copy-start.ts';
import { copiedDirectory } from '../copies/copy-input.ts';
import { nested, notDirectory, unfinishedSource } from '../copies/copy-judgement.ts';
import { namesOf, strayed } from '../copies/copy-survey.ts';
import type { Located, CopyPlace } from '../copies/places.ts';
import { described, isPlace, locate, placeProblem } from '../copies/places.ts';
import type { ManifestStart } from './archive-script.ts';
import { backupsIn, directoryOf, isHere, shelfOf } from './backup-input.ts';
import { recipients } from './encryption.ts';
import { ownPlaces } from './own-place.ts';

export const backupVolumeSchema = z
  .strictObject({
    volume: z.string().min(1).optional().describe('the volume, by its name'),
    container: z
      .string()
      .min(1)
      .optional()
      .describe('instead of volume: the name or id of a container, or four or more of its first digits, with path:'),
    path: copiedDirectory.optional().describe('a directory on the host; with container: as the container sees it'),
    to: backupsIn('where the backup is kept'),
    consistency: z
      .enum(['stop', 'pause', 'live'])
      .optional()
      .describe(
        'what becomes of the containers that write to it: stopped, or paused, while it is read, and let go on whatever becomes of the backup; live: they run on, and what they change meanwhile may be half old and half new. Without it, a volume that a running container writes to is refused',
      ),
    keep: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe(
        'how many complete backups of it are kept there; older ones are removed once the new one is there. All of them when absent',
      ),
    content_list: z
      .boolean()
      .default(true)
      .describe(
        'what is in the files is listed too (they are read twice meanwhile), so that a restored volume can be proven to be the same',
      ),
    encrypt_to: recipients
      .optional()
      .describe(
        "public keys (age1…, ssh-ed25519 …, ssh-rsa …): the host's own age encrypts the archive to them, so that it is never on a disk, or on its way, in the clear",
      ),
    spool: copiedDirectory
      .optional()
      .describe(
        'the directory on the host in which the archive is made before it goes elsewhere; spool in the state directory (/var/lib/plimsoll/spool) when absent. With to: {path} it is made there',
      ),
    as: backupName.optional().describe('filled in by a plan: the name of the backup'),
  })
  .refine(isPlace, placeProblem);
export type BackupWant = z.infer<typeof backupVolumeSchema>;

/** Two flights: what the host has; and what the directories hold. */
export function backupNeeds(want: BackupWant, known: Known): readonly FactRequest[] {
  const first: readonly FactRequest[] = [
    ask(backupHost),
    ask(copyTools),
    ask(begunCopies),
    ask(stoppedForCopies),
    ask(containerUsesIfAny),
    ask(containers),
    ask(volumes),
  ].filter((request) => usesDocker(want) || !dockersOwn.has(request.fact.name));
  if (first.some((request) => known.get(request) === undefined)) return first;
  const located = locatedSource(want, known);
  if (isRefused(located)) return first;
  const name = nameOf(want, known);
  const volume = volumeAt(located, known);
  return [
    ...first,
    ask(copyDirectory, located.path),
    ask(copySource, located.path),
    ...(located.within === undefined ? [] : [ask(realPath, located.within.base)]),
    ...(volume === undefined ? [] : [ask(volumeState, volume.mountpoint)]),
    shelfOf(want.to, familyOf(name)),
    ...(isHere(want.to) ? [] : [ask(backupShelf, spoolOf(want, known), name)]),
    ...ownPlaces(want.to, spoolOf(want, known)),
  ];
}

const dockersOwn = new Set([containers.name, volumes.name]);

/** A directory of a host which may have no Docker, unless containers are to be held. */
function usesDocker({ volume, container, consistency }: BackupWant): boolean {
  return volume !== undefined || container !== undefined || (consistency ?? 'live') !== 'live';
}

export function locatedSource(want: BackupWant, known: Known): Located | Refusal {
  const uses = known.get(ask(containerUsesIfAny)) ?? [];
  return locate(
    placeOf(want),
    usesDocker(want)
      ? { uses, volumes: known.get(ask(volumes)) ?? [], containers: known.get(ask(containers)) ?? [] }
      : { uses, volumes: [], containers: [] },
  );
}

export function placeOf({ volume, container, path }: BackupWant): CopyPlace {
  return { volume, container, path };
}

export function volumeAt({ path, alias }: Located, known: Known): Volume | undefined {
  return (known.get(ask(volumes)) ?? []).find(({ mountpoint }) => mountpoint === path || mountpoint === alias);
}

/** `VOLUME@HOST.TIME`: sorted by name, backups of one thing are sorted by time. */
export function nameOf(want: BackupWant, known: Known): BackupName {
  if (want.as !== undefined) return want.as;
  const { node, now } = known.the(ask(backupHost));
  const what =
    want.volume ??
    `${want.container ?? ''}${want.path ?? ''}`.replaceAll(/[^A-Za-z0-9_.-]+/g, '_').replaceAll(/^[_.-]+|_+$/g, '');
  return crossing(
    backupName,
    `${what === '' ? 'root' : what}@${node.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}.${now}`,
    'the name that the backup would have',
  );
}

/** What the names of all backups of the same thing begin with. */
export function familyOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.') + 1);
}

export function spoolOf(want: BackupWant, known: Known): string {
  return isHere(want.to) ? directoryOf(want.to) : (want.spool ?? `${known.the(ask(backupHost)).state}/spool`);
}

export interface BackupSurvey {
  readonly host: BackupHost;
  readonly name: BackupName;
  readonly source: Directory;
  readonly names: readonly string[];
  readonly special: CopySource;
  readonly uses: readonly ContainerUse[];
  readonly containers: readonly Container[];
  readonly stopped: StoppedForCopies;
  /** What a backup of it has stopped or paused and not let go on. */
  readonly remembered: StoppedForCopies['all'][number] | undefined;
  readonly shelf: Shelf;
  readonly spool: string;
  /** Of the directory in which the archive is made. */
  readonly spoolShelf: Shelf;
  readonly start: ManifestStart;
}

/** What a file that remembers stopped containers says of a backup, in place of a destination. */
export const forBackup = 'backup';

export function surveyBackup(want: BackupWant, known: Known): BackupSurvey | Refusal {
  const uses = known.the(ask(containerUsesIfAny));
  if (uses === null)
    return refuse(
      'the Docker daemon does not answer, so it is not known which containers use what is to be backed up',
      'start it (systemctl start docker), then run the same again',
    );
  const located = locatedSource(want, known);
  if (isRefused(located)) return located;
  const source = known.the(ask(copyDirectory, located.path));
  if (source.kind !== 'directory') return notDirectory(located.path, source.kind);
  const refusal =
    strayed(located, source, known) ?? nested(source) ?? unfinishedSource(source, known.the(ask(begunCopies)));
  if (refusal !== undefined) return refusal;
  const tools = known.the(ask(copyTools));
  const host = known.the(ask(backupHost));
  const { compression } = host;
  if (!tools.tar || !tools.manifest)
    return refuse(
      'the host has no GNU tar, GNU find and sha256sum, which keep everything that files have',
      'install them, or use send_volume or copy_volume',
    );
  if (compression === undefined) return refuse('the host has neither zstd nor gzip', 'install zstd on the host');
  const name = nameOf(want, known);
  const spool = spoolOf(want, known);
  if (`${spool}/`.startsWith(`${source.path}/`))
    return refuse(`${spool} lies in ${source.path}: the backup would contain itself`, 'name a directory elsewhere');
  const shelf = known.the(shelfOf(want.to, familyOf(name)));
  const volume = volumeAt(located, known);
  const state = volume === undefined ? undefined : known.the(ask(volumeState, volume.mountpoint));
  const stopped = known.the(ask(stoppedForCopies));
  return {
    host,
    name,
    source,
    names: namesOf(located, source),
    special: known.the(ask(copySource, located.path)),
    uses,
    containers: usesDocker(want) ? known.the(ask(containers)) : [],
    stopped,
    remembered: stopped.all.find(({ from, to }) => from === source.path && to === forBackup),
    shelf,
    spool,
    spoolShelf: isHere(want.to) ? shelf : known.the(ask(backupShelf, spool, name)),
    start: {
      plimsoll: 'backup',
      version: 1,
      name,
      host: host.label,
      source: described(placeOf(want)),
      compression,
      ...(want.encrypt_to === undefined ? {} : { encryptedTo: want.encrypt_to }),
      consistency: want.consistency ?? 'live',
      ...(volume === undefined ? {} : { docker: { labels: volume.labels, options: volume.options } }),
      sizeBytes: state?.quota?.limitBytes ?? 0,
    },
  };
}
