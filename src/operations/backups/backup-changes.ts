import type { Backup } from '../../facts/backups/backup-shelf.ts';
import { archiveOf, longestManifest } from '../../facts/backups/backup-shelf.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { stoppedText } from '../../facts/copies/stopped-for-copy.ts';
import type { Action, Change } from '../engine/change.ts';
import { startAgain } from '../copies/start-again.ts';
import { names } from '../copies/directory-users.ts';
import { forgetArchive, makeArchive } from './archive-script.ts';
import type { Kept } from './backup-input.ts';
import { describedKept, directoryOf, isHere, resourceOf } from './backup-input.ts';
import type { BackupSurvey } from './backup-survey.ts';
import { forBackup } from './backup-survey.ts';
import { putInBucket } from './bucket.ts';
import { keysOf } from './encryption.ts';
import { filesOf } from './retention.ts';
import { sealing, sealOf } from './vouching.ts';
import { shell } from '../../shell/shell.ts';

export interface BackupPlan extends BackupSurvey {
  readonly to: Kept;
  /** What runs and is to be held while it is read. */
  readonly holds: readonly ContainerUse[];
  readonly list: boolean;
  /** What goes once the new backup is there. */
  readonly removes: readonly Backup[];
}

/** All of it. */
export function backupChanges(plan: BackupPlan): readonly Change[] {
  return [archiveChange(plan), ...afterArchive(plan)];
}

/** What is left once the archive is made. */
export function afterArchive(plan: BackupPlan): readonly Change[] {
  if (isHere(plan.to)) return [sealChange(plan), ...removal(plan)];
  return [
    ...(plan.to.bucket === undefined ? [] : [sealChange(plan)]),
    deliverChange(plan, 'archive'),
    clearChange(plan),
  ];
}

/** What is left once the backup is there. */
export function afterDelivery(plan: BackupPlan): readonly Change[] {
  if (isHere(plan.to))
    return [
      ...(plan.shelf.backups.some(({ name, seal }) => name === plan.name && seal === '') ? [sealChange(plan)] : []),
      ...removal(plan),
    ];
  const spooled = plan.spoolShelf.backups.length > 0;
  return spooled ? [...(plan.removes.length === 0 ? [] : [deliverChange(plan, 'manifest')]), clearChange(plan)] : [];
}

const bindings = ({ name }: BackupPlan): Change['bindings'] => ({ backup: name });

function archiveChange(plan: BackupPlan): Change {
  const { name, source, spool, start, stopped, holds, remembered, list, to } = plan;
  const again = stillHeld(plan);
  const ids = [...again, ...holds.filter(({ id }) => !again.some((use) => use.id === id))];
  const file =
    remembered?.file ??
    (ids.length === 0 ? undefined : `${stopped.directory}/backup-${source.identity.replace(':', '-')}`);
  const what = `back up ${start.source} to ${describedKept(to)} as ${name}${start.encryptedTo === undefined ? '' : `, encrypted to ${keysOf(start.encryptedTo)}`}`;
  const held = start.consistency === 'pause' ? 'paused' : 'stopped';
  const remember: readonly Action[] =
    file === undefined
      ? []
      : [
          { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', stopped.directory] },
          {
            kind: 'write-file',
            path: file,
            content: stoppedText({ from: source.path, to: forBackup, containers: ids.map(({ id }) => id) }),
            mode: '0600',
            expect: remembered?.text ?? null,
          },
        ];
  const before = { archive: 'none' };
  const made = { start, spool, place: resourceOf(to) };
  return {
    summary: ids.length === 0 ? what : `${what}, while ${names(ids)} ${ids.length === 1 ? 'is' : 'are'} ${held}`,
    subject: `archive:${name}`,
    before: remembered === undefined ? before : { ...before, held: again.map((use) => use.name) },
    after: { archive: 'made' },
    actions: [...remember, makeArchive({ ...made, source, file, list })],
    undo: [...(file === undefined ? [] : [startAgain(file)]), forgetArchive(made, !isHere(to))],
    ...(remembered === undefined ? {} : { undoneTo: before }),
    atomic: true,
    bindings: { ...bindings(plan), ...Object.fromEntries(ids.map((use) => [`container ${use.name}`, use.id])) },
  };
}

/** What a backup that was cut has held, and is not as it was. */
export function stillHeld({
  remembered,
  uses,
  containers,
}: Pick<BackupSurvey, 'remembered' | 'uses' | 'containers'>): readonly ContainerUse[] {
  const isPaused = (id: string): boolean => containers.find((container) => container.id === id)?.state.paused === true;
  return (remembered?.containers ?? []).flatMap(
    (id) => uses.find((use) => use.id === id && (!use.running || isPaused(id))) ?? [],
  );
}

/** Lets go on what a backup that came to its end, or was given up, has left held. */
export function goOnChange(survey: BackupSurvey, file: string): Change {
  const held = stillHeld(survey);
  return {
    summary:
      held.length === 0
        ? 'all containers that were held for the backup run again: forget that they were'
        : `let ${names(held)} run again, held for the backup`,
    subject: `held:${survey.source.path}`,
    before: { held: held.map(({ name }) => name) },
    after: { held: [] },
    actions: [startAgain(file)],
    undo: [],
    atomic: true,
    bindings: {},
  };
}

/** Of a backup that is made where it is kept, and of one that the host itself brings to a bucket. */
function sealChange(plan: BackupPlan): Change {
  const { name, spool, to } = plan;
  return {
    summary: `seal ${name}, and record what it is`,
    subject: `seal:${name}`,
    before: { seal: 'none' },
    after: { seal: 'there' },
    actions: [sealing(name, spool, to)],
    undo: [],
    atomic: false,
    bindings: bindings(plan),
  };
}

/** By the manifest, which was written when the archive had been read again. */
const archiveDigest = shell('operations/backups/archive-digest.sh');
const ownDigest = shell('operations/backups/own-digest.sh');

function deliverChange(plan: BackupPlan, from: 'archive' | 'manifest'): Change {
  const { name, start, spool, to, removes } = plan;
  const directory = directoryOf(to);
  const there = to.host === undefined ? {} : { host: to.host };
  const manifest = `${spool}/${name}.json`;
  const told = (script: string): readonly string[] => ['/bin/sh', '-c', script, 'sh', manifest];
  const superseded = filesOf(directory, removes);
  const fetched: readonly Action[] = [
    ...(from === 'manifest'
      ? []
      : [
          {
            kind: 'fetch' as const,
            path: `${spool}/${archiveOf(start)}`,
            to: `${directory}/${archiveOf(start)}`,
            ...there,
            described: told(archiveDigest),
            resumes: true,
          },
        ]),
    ...(from === 'manifest' ? [] : [sealing(name, spool, to)]),
    {
      kind: 'fetch',
      path: manifest,
      to: `${directory}/${name}.json`,
      ...there,
      described: told(ownDigest),
      atMostBytes: longestManifest,
      resumes: true,
      ...(superseded.length === 0 ? {} : { supersedes: superseded }),
    },
  ];
  return {
    summary: `${name} → ${describedKept(to)}${removes.length === 0 ? '' : `; then remove ${removes.map((one) => one.name).join(', ')} there`}`,
    subject: `deliver:${name}`,
    before: { there: 'not' },
    after: { there: 'whole' },
    actions:
      to.bucket === undefined
        ? fetched
        : [
            putInBucket(
              to,
              spool,
              start,
              filesOf('.', removes).map((file) => file.slice('./'.length)),
            ),
          ],
    // Nothing on the host has changed; and a backup is not what a rollback should remove.
    undo: removes.length === 0 ? [] : 'irreversible',
    atomic: to.bucket !== undefined,
    bindings: bindings(plan),
  };
}

function clearChange(plan: BackupPlan): Change {
  const { name, start, spool, to } = plan;
  return {
    summary: `remove ${archiveOf(start)} from ${spool} on the host`,
    subject: `spool:${name}`,
    before: { spool: 'used' },
    after: { spool: 'free' },
    actions: [
      {
        kind: 'exec',
        argv: [
          'rm',
          '-f',
          '--',
          `${spool}/${name}.json`,
          `${spool}/${archiveOf(start)}`,
          ...(to.bucket === undefined ? [] : [sealOf(spool, name)]),
        ],
      },
    ],
    undo: [],
    atomic: true,
    bindings: bindings(plan),
  };
}

function removal(plan: BackupPlan): readonly Change[] {
  const { name, to, removes } = plan;
  if (removes.length === 0) return [];
  const all = removes.map((one) => one.name);
  return [
    {
      summary: `remove what is more than is kept in ${describedKept(to)}: ${all.join(', ')}`,
      subject: `keep:${name}`,
      before: { superfluous: all },
      after: { superfluous: [] },
      actions: [{ kind: 'exec', argv: ['rm', '-f', '--', ...filesOf(directoryOf(to), removes)] }],
      undo: 'irreversible',
      atomic: true,
      bindings: bindings(plan),
    },
  ];
}
