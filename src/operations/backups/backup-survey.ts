import * as z from 'zod';
import { containerName, existingVolume } from '../engine/input.ts';
import type { BackupHost } from '../../facts/backups/backup-host.ts';
import { backupHost } from '../../facts/backups/backup-host.ts';
import type { Shelf } from '../../facts/backups/backup-shelf.ts';
import { backupShelf } from '../../facts/backups/backup-shelf.ts';
import type { BegunCopies } from '../../facts/copies/begun-copy.ts';
import { begunCopies } from '../../facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { CopySource } from '../../facts/copies/copy-source.ts';
import { containerUsesIfAny, copySource } from '../../facts/copies/copy-source.ts';
import type { BackupName } from '../../facts/crossing.ts';
import { backupName, crossing } from '../../facts/crossing.ts';
import type { CopyDirectory, CopyTools } from '../../facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../facts/copies/directory-copy.ts';
import { ask } from '../../facts/fact.ts';
import type { StoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { stoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import type { VolumeState } from '../../facts/volumes/volume-state.ts';
import { volumeState } from '../../facts/volumes/volume-state.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, perhaps, together } from '../engine/reading.ts';
import type { Outgrown } from '../rootfs/outgrown.ts';
import { readOutgrown } from '../rootfs/outgrown.ts';
import type { Directory } from '../copies/copy-start.ts';
import { copiedDirectory } from '../copies/copy-input.ts';
import { nested, notDirectory, unfinishedSource } from '../copies/copy-judgement.ts';
import { namesOf, readBase, strayed } from '../copies/real-place.ts';
import type { CopyPlace, DockerFacts, Located } from '../copies/places.ts';
import { described, isPlace, locate, placeProblem } from '../copies/places.ts';
import { usersOfBoth } from '../copies/stop-users.ts';
import type { ManifestStart } from './archive-script.ts';
import { backupsIn, directoryOf, isHere, shelfOf } from './backup-input.ts';
import { recipients } from './encryption.ts';
import type { Place } from './own-place.ts';
import { ownPlaces, readPlaces } from './own-place.ts';

export const backupVolumeSchema = z
  .strictObject({
    volume: existingVolume.optional().describe('the volume, by its name'),
    container: containerName
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

/** What is known of a host before a backup of it is made. */
export interface BackupSeen {
  readonly host: BackupHost;
  readonly tools: CopyTools;
  readonly begunHere: BegunCopies;
  readonly stopped: StoppedForCopies;
  /** Null where Docker does not answer. */
  readonly uses: readonly ContainerUse[] | null;
  /** Where Docker has to do with it. */
  readonly containers: readonly Container[];
  /** Of what is to be backed up; a refusal where that is not there. */
  readonly place: SourceSeen | Refusal;
}

interface SourceSeen {
  readonly located: Located;
  readonly name: BackupName;
  readonly source: CopyDirectory;
  readonly special: CopySource;
  /** The real path of what a container has mounted there. */
  readonly base: string | null | undefined;
  readonly volume: { readonly is: Volume; readonly state: VolumeState } | undefined;
  readonly shelf: Shelf;
  readonly spool: string;
  /** Of the directory in which the archive is made. */
  readonly spoolShelf: Shelf;
  readonly places: readonly Place[];
  /** The containers that are stopped or paused. */
  readonly held: readonly string[];
  readonly outgrown: Outgrown;
}

/** Three flights: what the host has; what the directories hold; and what is to be known of the containers that stop. */
export function* readBackup(want: BackupWant): Reading<BackupSeen> {
  const docker = usesDocker(want);
  const [[host, tools, begunHere, stopped, uses], [all, volumesHere]] = yield* beside(
    together(ask(backupHost), ask(copyTools), ask(begunCopies), ask(stoppedForCopies), ask(containerUsesIfAny)),
    beside(perhaps(docker ? ask(containers) : undefined), perhaps(docker ? ask(volumes) : undefined)),
  );
  const here = { uses: uses ?? [], volumes: volumesHere ?? [], containers: all ?? [] };
  const located = locate(placeOf(want), here);
  const place = isRefused(located) ? located : yield* readSource(want, located, host, here);
  return { host, tools, begunHere, stopped, uses, containers: here.containers, place };
}

function* readSource(
  want: BackupWant,
  located: Located,
  host: BackupHost,
  { uses, volumes: all }: DockerFacts,
): Reading<SourceSeen> {
  const name = nameOf(want, host);
  const spool = spoolOf(want, host);
  const volume = volumeAt(located, all);
  const [[source, special, shelf], [[base, state], [ownShelf, places]]] = yield* beside(
    together(ask(copyDirectory, located.path), ask(copySource, located.path), shelfOf(want.to, familyOf(name))),
    beside(
      beside(readBase(located), perhaps(volume === undefined ? undefined : ask(volumeState, volume.mountpoint))),
      beside(
        perhaps(isHere(want.to) ? undefined : ask(backupShelf, spool, name)),
        readPlaces(ownPlaces(want.to, spool)),
      ),
    ),
  );
  const held =
    source.kind === 'directory' ? holdable(want, { uses, names: namesOf(located, source) }).map(({ id }) => id) : [];
  return {
    located,
    name,
    source,
    special,
    base,
    volume: volume === undefined || state === undefined ? undefined : { is: volume, state },
    shelf,
    spool,
    spoolShelf: ownShelf ?? shelf,
    places,
    held,
    outgrown: yield* readOutgrown(want.consistency === 'stop' ? held : []),
  };
}

/** The containers that write to it. One that somebody has paused holds still already. */
export function holdable(
  { consistency }: BackupWant,
  {
    uses,
    names: directories,
    containers: all = [],
  }: Pick<BackupSurvey, 'uses' | 'names'> & Partial<Pick<BackupSurvey, 'containers'>>,
): readonly ContainerUse[] {
  if (consistency === undefined || consistency === 'live') return [];
  const isPaused = (id: string): boolean => all.find((container) => container.id === id)?.state.paused === true;
  return usersOfBoth(uses, directories, []).toStop.filter(({ id }) => consistency === 'stop' || !isPaused(id));
}

/** A directory of a host which may have no Docker, unless containers are to be held. */
function usesDocker({ volume, container, consistency }: BackupWant): boolean {
  return volume !== undefined || container !== undefined || (consistency ?? 'live') !== 'live';
}

function placeOf({ volume, container, path }: BackupWant): CopyPlace {
  return { volume, container, path };
}

function volumeAt({ path, alias }: Located, all: readonly Volume[]): Volume | undefined {
  return all.find(({ mountpoint }) => mountpoint === path || mountpoint === alias);
}

/** `VOLUME@HOST.TIME`: sorted by name, backups of one thing are sorted by time. */
export function nameOf(want: BackupWant, { node, now }: BackupHost): BackupName {
  if (want.as !== undefined) return want.as;
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
function familyOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.') + 1);
}

function spoolOf(want: BackupWant, { state }: BackupHost): string {
  return isHere(want.to) ? directoryOf(want.to) : (want.spool ?? `${state}/spool`);
}

export interface BackupSurvey extends Pick<SourceSeen, 'places' | 'outgrown'> {
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

export function surveyBackup(want: BackupWant, seen: BackupSeen): BackupSurvey | Refusal {
  const { host, tools, uses, stopped, place } = seen;
  if (uses === null)
    return refuse(
      'the Docker daemon does not answer, so it is not known which containers use what is to be backed up',
      'start it (systemctl start docker), then run the same again',
    );
  if (isRefused(place)) return place;
  const { located, name, source, special, shelf, spool, spoolShelf, volume, places, outgrown } = place;
  if (source.kind !== 'directory') return notDirectory(located.path, source.kind);
  const refusal = strayed(located, source, place.base) ?? nested(source) ?? unfinishedSource(source, seen.begunHere);
  if (refusal !== undefined) return refusal;
  const { compression } = host;
  if (!tools.tar || !tools.manifest)
    return refuse(
      'the host has no GNU tar, GNU find and sha256sum, which keep everything that files have',
      'install them, or use send_volume or copy_volume',
    );
  if (compression === undefined) return refuse('the host has neither zstd nor gzip', 'install zstd on the host');
  if (`${spool}/`.startsWith(`${source.path}/`))
    return refuse(`${spool} lies in ${source.path}: the backup would contain itself`, 'name a directory elsewhere');
  return {
    host,
    name,
    source,
    names: namesOf(located, source),
    special,
    uses,
    containers: seen.containers,
    stopped,
    remembered: stopped.all.find(({ from, to }) => from === source.path && to === forBackup),
    shelf,
    spool,
    spoolShelf,
    places,
    outgrown,
    start: {
      plimsoll: 'backup',
      version: 1,
      name,
      host: host.label,
      source: described(placeOf(want)),
      compression,
      ...(want.encrypt_to === undefined ? {} : { encryptedTo: want.encrypt_to }),
      consistency: want.consistency ?? 'live',
      ...(volume === undefined ? {} : { docker: { labels: volume.is.labels, options: volume.is.options } }),
      sizeBytes: volume?.state.quota?.limitBytes ?? 0,
    },
  };
}
