import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { begin, copyToGoOnWith, goOn } from './copy-start.ts';
import { defineOperation } from '../engine/operation.ts';
import { stoppedReads } from '../rootfs/outgrown.ts';
import { copyChanges, startAgainChange } from './copy-changes.ts';
import { sourceWarnings, tooSmall, toolWarnings, usedDestination } from './copy-judgement.ts';
import type { CopySeen, CopyWant, Survey } from './copy-survey.ts';
import { copyVolumeSchema, readCopy, survey } from './copy-survey.ts';
import { names } from './directory-users.ts';
import { described } from './places.ts';
import { judgeStop, usersOfBoth } from './stop-users.ts';

export const copyVolume = defineOperation<CopyWant, CopySeen>({
  name: 'copy_volume',
  summary:
    'Copy a volume, a directory or a path of a container to another on the same host, in two passes, verified by checksum',
  schema: copyVolumeSchema,
  readOnly: false,
  repeats: false,

  read: readCopy,

  plan(want, seen) {
    const look = survey(want, seen);
    if (isRefused(look)) return look;
    const { source, target, record, unfinished, remembered } = look;
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
      if (look.method.kind !== 'rsync')
        return refuse(
          `${look.method.kind} cannot go on with what a first pass has copied`,
          'install rsync on the host, or leave first_pass_only out',
        );
    }
    const begun = copyToGoOnWith(source, target, look.begunHere.copies, want.delete);
    const refresh = unfinished === undefined && record?.unchanged === true;
    const start =
      begun !== undefined
        ? goOn(begun, look.method, target, want.delete, seen.strangers)
        : begin(source, look.method, target, want.delete || refresh, look.differs, unfinished);
    if (isRefused(start)) return start;
    const users = usersOfBoth(look.uses, look.sourceNames, look.targetNames);
    const unsafe = want.first_pass_only
      ? usedDestination(look.uses, look.targetNames)
      : judgeStop(want.stop, users, look, seen);
    const refusal = unsafe ?? tooSmall(source, target);
    if (refusal !== undefined) return refusal;
    const stops = want.stop === true && !want.first_pass_only ? users.toStop : [];
    return {
      outcome: 'change',
      changes: copyChanges({
        ...look,
        start,
        stops,
        refresh,
        replaces: want.delete || start.marker.found === 'part',
        firstOnly: want.first_pass_only,
        bwlimit: want.bwlimit,
        labels: [described(want.from), described(want.to)],
      }),
      warnings: [
        ...(want.first_pass_only
          ? [`${target.path} is no whole copy until another copy_volume has completed it`]
          : warnings(look, stops, [...users.running, ...look.uses.filter(({ id }) => look.layers.includes(id))])),
        ...sourceWarnings(source, target, look.special),
        ...toolWarnings(look.method, look.tools, want.bwlimit),
      ],
    };
  },

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

  result(_want, { from, to, target }) {
    return {
      from: from.path,
      to: to.path,
      entries: target.kind === 'directory' ? target.entries : null,
      bytes: target.kind === 'directory' ? target.allocatedBytes : null,
    };
  },
});

function warnings(
  { source, target, differs, method }: Survey,
  stops: readonly ContainerUse[],
  running: readonly ContainerUse[],
): readonly string[] {
  const replaced = method.kind === 'rsync' ? (differs?.destructive ?? 0) : 0;
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
      : []),
    ...(replaced > 0
      ? [`of what is at ${target.path} now, ${String(replaced)} differ from the source and are replaced or removed`]
      : []),
  ];
}
