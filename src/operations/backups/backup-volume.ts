import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { stoppedReads } from '../rootfs/outgrown.ts';
import { secretFilesAt } from '../engine/secret-files.ts';
import { sourceWarnings } from '../copies/copy-judgement.ts';
import { names } from '../copies/directory-users.ts';
import { judgeStop, usersOfBoth } from '../copies/stop-users.ts';
import type { BackupPlan } from './backup-changes.ts';
import { afterArchive, afterDelivery, backupChanges, goOnChange, stillHeld } from './backup-changes.ts';
import { describedKept, isHere, resourceOf } from './backup-input.ts';
import type { BackupSeen, BackupSurvey, BackupWant } from './backup-survey.ts';
import { backupVolumeSchema, holdable, nameOf, readBackup, surveyBackup } from './backup-survey.ts';
import { encryptedAtMost } from './encryption.ts';
import { noAge } from './identity.ts';
import { judgePlaces } from './own-place.ts';
import { superfluous } from './retention.ts';

/**
 * A backup is a new thing each time; so the plan gives it a name, with the host's time in it, and what is
 * wanted is that a whole backup of that name is there. The name is part of what resume goes on with.
 */
export const backupVolume = defineOperation<BackupWant, BackupSeen>({
  name: 'backup_volume',
  summary:
    'Back a volume, a directory or a path of a container up to this machine, the host or another one, verified by checksum',
  schema: backupVolumeSchema,
  laptopPaths: [['to', 'laptop']],
  secretFiles: secretFilesAt(['to', 'credentials']),
  readOnly: false,
  repeats: false,
  read: readBackup,
  plan: planBackup,

  pin: (want, { host }) => (want.as === undefined ? { ...want, as: nameOf(want, host) } : want),

  repin: (want, fresh, saved) =>
    want.as === undefined && saved.as?.split('@', 1)[0] === fresh.as?.split('@', 1)[0]
      ? { ...fresh, as: saved.as }
      : fresh,

  touches(want, { place, containers }) {
    if (isRefused(place)) return { reads: ['docker'], changes: [] };
    const { located, held, outgrown } = place;
    return {
      reads: [
        'docker',
        `path:${located.path}`,
        ...(want.volume === undefined ? [] : [`volume:${want.volume}`]),
        resourceOf(want.to),
        ...stoppedReads(held, { containers, docker: outgrown.docker }),
      ],
      changes: [resourceOf(want.to), ...held.map((id) => `container:${id}`)],
    };
  },

  result({ as = '' }, { place }) {
    const manifest = isRefused(place) ? undefined : place.shelf.backups.find(({ name }) => name === as)?.manifest;
    return {
      backup: as,
      sha256: manifest?.sha256 ?? null,
      bytes: manifest?.bytes ?? null,
      entries: manifest?.entries ?? null,
    };
  },
});

function planBackup(want: BackupWant, seen: BackupSeen): Decision {
  const survey = surveyBackup(want, seen);
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
    judgePlaces(survey.places) ??
    judgeHold(want, survey) ??
    tooSmall(survey);
  if (refusal !== undefined) return refusal;
  return { outcome: 'change', changes: backupChanges(plan), ...noted(warnings(want, plan)) };
}

function noted(warnings: readonly string[]): { readonly warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings };
}

function judgeHold(want: BackupWant, survey: BackupSurvey): Refusal | undefined {
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
      survey,
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
