import type { Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { containerUsesIfAny } from '../../facts/copies/copy-source.ts';
import { containers } from '../../facts/containers/containers.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import { copyDirectory } from '../../facts/copies/directory-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { outgrownNeeds, outgrownReads } from '../rootfs/outgrown.ts';
import { secretFilesAt } from '../engine/secret-files.ts';
import { sourceWarnings } from '../copies/copy-judgement.ts';
import { namesOf } from '../copies/copy-survey.ts';
import { names } from '../copies/directory-users.ts';
import { judgeStop, usersOfBoth } from '../copies/stop-users.ts';
import type { BackupPlan } from './backup-changes.ts';
import { afterArchive, afterDelivery, backupChanges, goOnChange, stillHeld } from './backup-changes.ts';
import { describedKept, isHere, resourceOf, shelfOf } from './backup-input.ts';
import type { BackupSurvey, BackupWant } from './backup-survey.ts';
import { backupNeeds, backupVolumeSchema, familyOf, locatedSource, nameOf, surveyBackup } from './backup-survey.ts';
import { encryptedAtMost } from './encryption.ts';
import { noAge } from './identity.ts';
import { judgePlaces, ownPlaces } from './own-place.ts';
import { superfluous } from './retention.ts';

/**
 * A backup is a new thing each time; so the plan gives it a name, with the host's time in it, and what is
 * wanted is that a whole backup of that name is there. The name is part of what resume goes on with.
 */
export const backupVolume = defineOperation<BackupWant>({
  name: 'backup_volume',
  summary:
    'Back a volume, a directory or a path of a container up to this machine, the host or another one, verified by checksum',
  schema: backupVolumeSchema,
  laptopPaths: [['to', 'laptop']],
  secretFiles: secretFilesAt(['to', 'credentials']),
  readOnly: false,
  repeats: false,
  needs: (want, known) => [
    ...backupNeeds(want, known),
    ...(want.consistency === 'stop' ? outgrownNeeds(heldIds(want, known), known) : []),
  ],
  plan: planBackup,

  pin: (want, known) => (want.as === undefined ? { ...want, as: nameOf(want, known) } : want),

  repin: (want, fresh, saved) =>
    want.as === undefined && saved.as?.split('@', 1)[0] === fresh.as?.split('@', 1)[0]
      ? { ...fresh, as: saved.as }
      : fresh,

  touches(want, known) {
    const located = locatedSource(want, known);
    if (isRefused(located)) return { reads: ['docker'], changes: [] };
    const held = heldIds(want, known);
    return {
      reads: [
        'docker',
        `path:${located.path}`,
        ...(want.volume === undefined ? [] : [`volume:${want.volume}`]),
        resourceOf(want.to),
        ...outgrownReads(held, known),
      ],
      changes: [resourceOf(want.to), ...held.map((id) => `container:${id}`)],
    };
  },

  result(want, known) {
    const { as = '' } = want;
    const manifest = known.get(shelfOf(want.to, familyOf(as)))?.backups.find(({ name }) => name === as)?.manifest;
    return {
      backup: as,
      sha256: manifest?.sha256 ?? null,
      bytes: manifest?.bytes ?? null,
      entries: manifest?.entries ?? null,
    };
  },
});

function planBackup(want: BackupWant, known: Known): Decision {
  const survey = surveyBackup(want, known);
  if (isRefused(survey)) return survey;
  const { name, shelf, spoolShelf, host, start, remembered } = survey;
  const where = describedKept(want.to);
  const plan: BackupPlan = {
    ...survey,
    to: want.to,
    list: want.content_list && want.consistency !== 'live',
    holds: holdable(want, survey),
    removes: superfluous(shelf, start, want.keep),
  };
  const there = shelf.backups.find((backup) => backup.name === name);
  const made = host.made.some(
    (one) => one.name === name && (one.place === undefined || one.place === resourceOf(want.to)),
  );
  const goOn = remembered === undefined ? [] : [goOnChange(survey, remembered.file)];
  if (there?.complete === true) {
    if (!made)
      return {
        ...refuse(
          `${name} is in ${where}, and it is not known here that it was made: it may have been taken back`,
          'it is whole, and can be restored; apply the playbook again for another one',
        ),
        provisional: backupChanges(plan),
      };
    const left = [...goOn, ...afterDelivery(plan)];
    if (left.length > 0) return { outcome: 'change', changes: left };
    return {
      outcome: 'noop',
      reason: `${name} is in ${where}: ${formatBytes(there.manifest.bytes)}, sha256 ${there.manifest.sha256}`,
      ...noted(told(there.manifest.sockets, there.manifest.changed)),
    };
  }
  if (made && !isHere(want.to) && spoolShelf.backups.some((backup) => backup.complete))
    return { outcome: 'change', changes: [...goOn, ...afterArchive(plan)] };
  const refusal =
    (want.encrypt_to !== undefined && !host.age ? noAge : undefined) ??
    judgePlaces(ownPlaces(want.to, survey.spool), known) ??
    judgeHold(want, survey, known) ??
    tooSmall(survey);
  if (refusal !== undefined) return refusal;
  return { outcome: 'change', changes: backupChanges(plan), ...noted(warnings(want, plan)) };
}

function noted(warnings: readonly string[]): { readonly warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings };
}

/** The containers that are stopped or paused, as far as the directory is known. */
function heldIds(want: BackupWant, known: Known): readonly string[] {
  if (want.consistency !== 'stop' && want.consistency !== 'pause') return [];
  const uses = known.get(ask(containerUsesIfAny));
  if (
    uses === undefined ||
    uses === null ||
    known.get(ask(containers)) === undefined ||
    known.get(ask(volumes)) === undefined
  )
    return [];
  const located = locatedSource(want, known);
  if (isRefused(located)) return [];
  const source = known.get(ask(copyDirectory, located.path));
  return source?.kind !== 'directory'
    ? []
    : holdable(want, { uses, names: namesOf(located, source) }).map(({ id }) => id);
}

/** The containers that write to it. One that somebody has paused holds still already. */
function holdable(
  { consistency }: BackupWant,
  {
    uses,
    names: directories,
    containers = [],
  }: Pick<BackupSurvey, 'uses' | 'names'> & Partial<Pick<BackupSurvey, 'containers'>>,
): readonly ContainerUse[] {
  if (consistency === undefined || consistency === 'live') return [];
  const isPaused = (id: string): boolean => containers.find((container) => container.id === id)?.state.paused === true;
  return usersOfBoth(uses, directories, []).toStop.filter(({ id }) => consistency === 'stop' || !isPaused(id));
}

function judgeHold(want: BackupWant, survey: BackupSurvey, known: Known): Refusal | undefined {
  const { uses, names: directories, containers } = survey;
  const users = usersOfBoth(uses, directories, []);
  if (users.toStop.length === 0 || want.consistency === 'live') return undefined;
  const who = names(users.toStop);
  if (want.consistency === undefined)
    return refuse(
      `${who} ${users.toStop.length === 1 ? 'runs and writes' : 'run and write'} to what is to be backed up`,
      'say consistency: stop or pause, and it is let go on whatever becomes of the backup; or live, and what is changed meanwhile may be half old and half new',
    );
  if (want.consistency === 'stop') {
    const ours = new Set(stillHeld(survey).map(({ id }) => id));
    return judgeStop(
      true,
      { ...users, toStop: users.toStop.filter(({ id }) => !ours.has(id)) },
      { uses, targetNames: [], layers: [] },
      known,
    );
  }
  const restarting = users.toStop.filter(
    ({ id }) => containers.find((container) => container.id === id)?.state.restarting === true,
  );
  return restarting.length === 0
    ? undefined
    : refuse(
        `${names(restarting)} ${restarting.length === 1 ? 'is' : 'are'} restarting`,
        'see why it does not stay up (docker logs), or stop it first',
      );
}

/** What tar adds for each entry at most, but for very long names and attributes. */
const perEntry = 2048;

function tooSmall({ spool, spoolShelf, source, start }: BackupSurvey): Refusal | undefined {
  const packed = source.allocatedBytes + source.entries * perEntry;
  const most = start.encryptedTo === undefined ? packed : encryptedAtMost(packed);
  if (most <= spoolShelf.availableBytes) return undefined;
  return refuse(
    `the archive may need up to ${formatBytes(most)}, and ${spool} has ${formatBytes(spoolShelf.availableBytes)} free: a disk that is full harms whatever else is on it`,
    'make room, or name another directory (spool:, or to:)',
  );
}

function told(sockets: number, changed: number): readonly string[] {
  return [
    ...(sockets > 0
      ? [
          `${String(sockets)} socket${sockets === 1 ? ' is' : 's are'} not in the backup: a program makes its sockets anew when it starts`,
        ]
      : []),
    ...(changed > 0
      ? [
          `${String(changed)} file${changed === 1 ? ' has' : 's have'} changed while the backup was made, and may be half old and half new`,
        ]
      : []),
  ];
}

function warnings(
  want: BackupWant,
  { source, special, uses, names: directories, holds, shelf, list }: BackupPlan,
): readonly string[] {
  const running = usersOfBoth(uses, directories, []).running.filter(({ id }) => !holds.some((use) => use.id === id));
  const what = formatBytes(source.allocatedBytes);
  return [
    ...(holds.length > 0
      ? [
          `${names(holds)} ${holds.length === 1 ? 'is' : 'are'} ${want.consistency === 'pause' ? 'paused' : 'down'} while ${what} in ${String(source.entries)} entries are archived${list ? ' and listed' : ''}`,
        ]
      : []),
    ...(running.length > 0
      ? [
          `${names(running)} ${running.length === 1 ? 'runs' : 'run'} on: ${want.consistency === 'live' ? "the backup may hold files that are half old and half new, and nothing proves a restored one but its archive's checksum" : `what is written to ${source.path} meanwhile makes the backup fail`}`,
        ]
      : []),
    ...(source.allocatedBytes > shelf.availableBytes && !isHere(want.to)
      ? [
          `${describedKept(want.to)} has ${formatBytes(shelf.availableBytes)} free, less than ${what}: it is enough only if the archive is small`,
        ]
      : []),
    ...(shelf.unreadable.length > 0
      ? [
          `what is no manifest of a backup is left alone in ${describedKept(want.to)}: ${shelf.unreadable.slice(0, 3).join(', ')}`,
        ]
      : []),
    ...told(special.sockets, 0),
    ...sourceWarnings(source, { ...source, availableBytes: Infinity }, { ...special }),
  ];
}
