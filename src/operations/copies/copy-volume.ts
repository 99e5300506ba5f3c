import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import type { CopyStart } from './copy-start.ts';
import { begin, copyToGoOnWith, goOn, intoOthersAt } from './copy-start.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { stoppedReads } from '../rootfs/outgrown.ts';
import { copyChanges, finalOf, startAgainChange } from './copy-changes.ts';
import { sourceWarnings, tooSmall, toolWarnings, unfit, usedDestination } from './copy-judgement.ts';
import type { CopySeen, CopyWant, Survey } from './copy-survey.ts';
import { copyVolumeSchema, readCopy, survey, volumeCopySchema } from './copy-survey.ts';
import { names } from './directory-users.ts';
import { described } from './places.ts';
import { judgeStop, usersOfBoth } from './stop-users.ts';

export const copyVolume = defineOperation<CopyWant, CopySeen>({
  name: 'copy_volume',
  aliases: { volume_copy: volumeCopySchema },
  summary:
    'Copy a volume, a directory or a path of a container to another on the same host, in two passes, verified by checksum',
  schema: copyVolumeSchema,
  readOnly: false,
  repeats: false,

  read: readCopy,

  plan: planCopy,

  pin: (want, { record }) => (want.since === undefined ? { ...want, since: record?.stamp ?? 'never' } : want),

  repin: (want, fresh, saved) =>
    want.since === undefined && saved.since !== undefined ? { ...fresh, since: saved.since } : fresh,

  touchesRefused: { reads: ['docker'], changes: [] },
  touches(want, { from: source, to: target, stops, containers, outgrown: { docker } }) {
    const paths = [source, target].map(({ path }) => `path:${path}`);
    const [from, to] = [want.from, want.to].map(({ volume }) => (volume === undefined ? [] : [`volume:${volume}`]));
    return {
      reads: ['docker', ...paths, ...(from ?? []), ...(to ?? []), ...stoppedReads(stops, { containers, docker })],
      changes: [...paths.slice(1), ...(to ?? []), ...stops.map((id) => `container:${id}`)],
    };
  },

  /** What was done by `volume_copy` when that was an operation of its own has no subject: it was the only change of its step. */
  standing(want, { subject }, seen) {
    const now = subject === undefined ? planCopy(want, seen) : undefined;
    if (now === undefined || isRefused(now) || now.outcome !== 'change') return undefined;
    return finalOf(now.changes)?.before;
  },

  result(_want, { from, to, target }) {
    return {
      from: from.path,
      to: to.path,
      entries: target.kind === 'directory' ? target.entries : null,
      bytes: target.kind === 'directory' ? target.allocatedBytes : null,
    };
  },
});

function planCopy(want: CopyWant, seen: CopySeen): Decision {
  const look = survey(want, seen);
  if (isRefused(look)) return look;
  const { method, source, target, record, unfinished, remembered, begunHere } = look;
  const madeSince =
    unfinished === undefined && record !== null && want.since !== undefined && record.stamp !== want.since;
  const same = unfinished === undefined && look.differs?.total === 0;
  if (madeSince || same) {
    if (remembered !== undefined) return { outcome: 'change', changes: [startAgainChange(remembered, look.uses)] };
    return {
      outcome: 'noop',
      reason: `${described(want.to)} is a complete copy (${String(target.entries)} entries)`,
    };
  }
  if (want.first_pass_only) {
    if (unfinished !== undefined && record !== null && want.since !== undefined && record.stamp !== want.since)
      return { outcome: 'noop', reason: `the first pass to ${described(want.to)} has been made` };
    if (method.kind !== 'rsync')
      return refuse(
        `${method.kind} cannot go on with what a first pass has copied`,
        'install rsync on the host, or leave first_pass_only out',
      );
  }
  const lossy = unfit(method, source, look.special);
  if (lossy !== undefined) return lossy;
  const begun = copyToGoOnWith(source, target, begunHere.copies, want.delete);
  const refresh = unfinished === undefined && record?.unchanged === true;
  const start =
    begun !== undefined
      ? goOn(begun, method, target, want.delete, seen.strangers)
      : begin(source, method, target, want.delete || refresh, look.differs, unfinished);
  if (isRefused(start)) return start;
  const users = usersOfBoth(look.uses, look.sourceNames, look.targetNames);
  const unsafe = want.first_pass_only
    ? usedDestination(look.uses, look.targetNames)
    : judgeStop(want.stop, users, look, seen);
  const refusal = unsafe ?? tooSmall(source, target);
  if (refusal !== undefined) return refusal;
  const stops = want.stop === true && !want.first_pass_only ? users.toStop : [];
  const shared = want.stop === false;
  return {
    outcome: 'change',
    changes: copyChanges({
      ...look,
      start,
      stops,
      refresh,
      replaces: want.delete,
      shared,
      usersKnown: seen.uses !== null,
      differences: shared ? look.differs?.total : undefined,
      forgotten: begunHere.copies.filter((copy) => copy.to === target.path && copy !== begun).map(({ file }) => file),
      firstOnly: want.first_pass_only,
      bwlimit: want.bwlimit,
      labels: [described(want.from), described(want.to)],
    }),
    warnings: [
      ...(want.first_pass_only
        ? [`${target.path} is no whole copy until another copy_volume has completed it`]
        : usersWarnings(
            look,
            stops,
            [...users.running, ...look.uses.filter(({ id }) => look.layers.includes(id))],
            shared,
          )),
      ...(seen.uses === null
        ? ['Docker does not answer, so it is not known which containers use the two directories']
        : []),
      ...targetWarnings(look, start),
      ...sourceWarnings(source, target, look.special),
      ...toolWarnings(method, look.tools, want.bwlimit),
    ],
  };
}

function usersWarnings(
  { source, target, method }: Survey,
  stops: readonly ContainerUse[],
  running: readonly ContainerUse[],
  shared: boolean,
): readonly string[] {
  const others = running.filter(({ id }) => !stops.some((use) => use.id === id));
  const passes =
    method.kind === 'rsync'
      ? 'while what has changed since the first pass is copied, and'
      : 'while everything is copied, and';
  return [
    ...(stops.length > 0
      ? [
          `${names(stops)} ${stops.length === 1 ? 'is' : 'are'} down ${passes} both directories are read whole for the comparison`,
        ]
      : []),
    ...(others.length > 0
      ? [
          `${names(others)} ${others.length === 1 ? 'runs' : 'run'} on: what is written to ${source.path} or ${target.path} during the copy makes its verification fail`,
        ]
      : shared
        ? ['stop whatever writes to either directory first: what changes during the copy makes its verification fail']
        : []),
  ];
}

/** What becomes of what is at the destination. */
function targetWarnings(
  { target, differs, method, begunHere: { copies } }: Survey,
  { begun }: CopyStart,
): readonly string[] {
  const replaced = differs?.destructive ?? 0;
  return [
    ...(method.kind === 'rsync' && replaced > 0
      ? [`of what is at ${target.path} now, ${String(replaced)} differ from the source and are replaced or removed`]
      : []),
    ...(method.kind === 'rsync' && begun?.doubtful === true
      ? [
          `what is at ${target.path} is compared by checksum first: the host has been restarted since the copy was begun, or it did not pass its verification`,
        ]
      : []),
    ...(intoOthersAt(target, copies).length > 0
      ? [
          `a copy was begun into another directory at ${target.path} and never completed: if that was another file system, it is not mounted now`,
        ]
      : []),
  ];
}
