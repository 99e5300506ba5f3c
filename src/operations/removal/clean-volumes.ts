import type { Quarantined } from '../../facts/volumes/quarantine.ts';
import type { Json } from '../../values/json.ts';
import { formatBytes } from '../../values/size.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Change } from '../engine/change.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { CleanWant } from './clean-input.ts';
import { cleanSchema, periodText } from './clean-input.ts';
import type { Dangling, Found, Stays } from './dangling.ts';
import { readDangling, timeOf } from './dangling.ts';
import { beingRemoved, changeOf, forget, stateOf, timeText } from './quarantine-changes.ts';
import { familyOf } from '../versions/versions.ts';

export const cleanVolumes = defineOperation<CleanWant, Dangling>({
  name: 'clean_volumes',
  summary: 'Remove volumes that nobody uses: by their names, never by prune, and after a time in quarantine',
  schema: cleanSchema,
  readOnly: false,
  repeats: false,
  read: readDangling,

  plan(want, seen): Decision {
    const { changes, more } = changesFor(want, seen);
    const notes = { warnings: warningsOf(want, seen.found, changes, more), owed: owedOf(want, seen) };
    return changes.length > 0
      ? { outcome: 'change', changes, ...notes }
      : { outcome: 'noop', reason: nothingOf(want, seen.found), ...notes };
  },

  pin(want, seen) {
    if (want.pinned !== undefined) return want;
    const { changes } = changesFor(want, seen);
    return { ...want, pinned: { at: timeOf(want, seen.quarantine), volumes: changes.map(nameOf) } };
  },

  // A time to come would make old what is not.
  repin(want, fresh, saved) {
    if (want.pinned !== undefined || fresh.pinned === undefined || saved.pinned === undefined) return fresh;
    return { ...fresh, pinned: { at: Math.min(saved.pinned.at, fresh.pinned.at), volumes: saved.pinned.volumes } };
  },

  touches(want, seen) {
    const names = new Set(changesFor(want, seen).changes.map(nameOf));
    const changes = seen.found
      .filter(({ volume }) => names.has(volume.name))
      .flatMap(({ volume }) => [
        ...new Set([`volume:${volume.name}`, `volume:${familyOf(volume)}`]),
        `path:${volume.mountpoint}`,
      ]);
    return { reads: ['docker', ...seen.uses.map(({ id }) => `container:${id}`), ...changes], changes };
  },

  standing(_want, { subject = '' }, { found }) {
    const name = subject.replace(/^volume:/, '');
    const one = found.find(({ volume }) => volume.name === name);
    return stateOf(name, one?.entry?.removing === true ? beingRemoved : one?.directory?.is, one?.entry !== undefined);
  },

  result(want, { all, found }): Json {
    const there = new Set(all.map(({ name }) => name));
    return {
      quarantine: keptOf(found).map(({ volume, entry }) => ({
        volume: volume.name,
        until: new Date(entry.until * 1000).toISOString(),
      })),
      removed: (want.pinned?.volumes ?? []).filter((name) => !there.has(name)),
    };
  },
});

function nameOf({ subject = '' }: Change): string {
  return subject.replace(/^volume:/, '');
}

interface Work {
  readonly changes: readonly Change[];
  /** Volumes that are left to another run. */
  readonly more: number;
}

/** In the order of the volumes' names. Once a plan has been made, only of what was found then. */
function changesFor(want: CleanWant, seen: Dangling): Work {
  const at = timeOf(want, seen.quarantine);
  const names = want.pinned === undefined ? undefined : new Set(want.pinned.volumes);
  const meant = (name: string): boolean => names?.has(name) ?? true;
  const taken = seen.found.flatMap((one) => {
    const { directory, stays } = one;
    if (stays !== undefined || directory === undefined) return [];
    const change = changeOf({ ...one, directory }, want.keep_for, at);
    return change === undefined ? [] : [{ change, changedAt: directory.changedAt }];
  });
  const now =
    want.pinned === undefined
      ? taken.toSorted((a, b) => a.changedAt - b.changedAt).slice(0, want.at_most)
      : taken.filter(({ change }) => meant(nameOf(change)));
  const subjects = new Set(now.map(({ change }) => change.subject));
  const put = forgotten(seen, at).filter((change) => meant(nameOf(change)) && !subjects.has(change.subject));
  return {
    changes: [...now.map(({ change }) => change), ...put].toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    more: taken.length - now.length,
  };
}

/** What the ledger says of volumes that are used again, or are others now. What was written since the plan was made is left to a later one. */
function forgotten({ root, quarantine: { entries }, found }: Dangling, at: number): readonly Change[] {
  return entries.flatMap((entry) => {
    if (entry.since >= at) return [];
    const one = found.find(({ volume }) => volume.name === entry.name);
    const why =
      one === undefined
        ? 'it is not there any more'
        : one.entry === undefined
          ? 'it is another volume of that name now'
          : one.users.length > 0
            ? `used by ${one.users.map((name) => oneLine(name, 40)).join(', ')}`
            : undefined;
    return why === undefined ? [] : [forget(entry, `${root}/${entry.name}`, why)];
  });
}

/** In quarantine, and as asked for. */
function keptOf(found: readonly Found[]): readonly (Found & { readonly entry: Quarantined })[] {
  return found.flatMap((one) =>
    one.stays === undefined && one.entry?.removing === false ? [{ ...one, entry: one.entry }] : [],
  );
}

function owedOf(want: CleanWant, { quarantine, found }: Dangling): readonly string[] {
  const at = timeOf(want, quarantine);
  const ends = keptOf(found)
    .map(({ entry }) => entry.until)
    .filter((until) => until > at)
    .toSorted((a, b) => a - b);
  const [earliest, latest] = [ends[0], ends.at(-1)];
  if (earliest === undefined || latest === undefined) return [];
  const until =
    timeText(earliest) === timeText(latest)
      ? timeText(earliest)
      : `${timeText(earliest)} (the last until ${timeText(latest)})`;
  return [
    `${count(ends.length, 'is', 'are')} in quarantine until ${until}: the same step removes what nobody uses then; plimsoll rollback takes it out again until then`,
  ];
}

const shownNames = 10;

function warningsOf(
  { keep_for, larger_than }: CleanWant,
  found: readonly Found[],
  changes: readonly Change[],
  more: number,
): readonly string[] {
  const names = new Set(changes.map(nameOf));
  const taken = found.filter(({ volume, stays }) => stays === undefined && names.has(volume.name));
  const removed = changes.filter(({ undo }) => undo === 'irreversible');
  const projects = [
    ...new Set(
      taken.flatMap(
        ({ volume: { labels } }) => labels['com.docker.compose.project'] ?? labels['com.docker.stack.namespace'] ?? [],
      ),
    ),
  ];
  const kept = found.flatMap(({ volume, stays }) =>
    stays !== undefined && 'why' in stays ? [`${oneLine(volume.name, 80)} stays: ${oneLine(stays.why)}`] : [],
  );
  return [
    ...(removed.length === 0
      ? []
      : [
          `${count(removed.length, 'is', 'are')} removed for good, with all that ${removed.length === 1 ? 'it holds' : 'they hold'}${keep_for === 0 ? ' (keep_for: 0)' : ''}: no rollback brings that back`,
        ]),
    ...(projects.length === 0
      ? []
      : [
          `of projects of Compose or Swarm that have no container here now (their volumes are left for the next time they are started): ${projects
            .slice(0, shownNames)
            .map((name) => oneLine(name, 40))
            .join(', ')}`,
        ]),
    ...(larger_than === undefined || taken.length === 0
      ? []
      : [`together ${formatBytes(taken.reduce((sum, { bytes = 0 }) => sum + bytes, 0))}`]),
    ...(more === 0 ? [] : [`${count(more, 'more is', 'more are')} left to the next run (at_most)`]),
    ...kept.slice(0, shownNames),
    ...(kept.length > shownNames
      ? [`and ${count(kept.length - shownNames, 'more stays', 'more stay')}, for reasons like these`]
      : []),
  ];
}

/** Why there is nothing to do, in numbers. */
function nothingOf(want: CleanWant, found: readonly Found[]): string {
  const number = (...kinds: readonly Stays['kind'][]): number =>
    found.filter(({ stays }) => stays !== undefined && kinds.includes(stays.kind)).length;
  const parts: readonly (readonly [number, string])[] = [
    [number('used'), 'used'],
    [
      number('not-asked', 'foreign'),
      want.named ? 'not asked for' : 'not asked for (named: true takes those with a name too)',
    ],
    [number('young'), `changed within ${periodText(want.older_than ?? 0)}`],
    [number('small'), 'smaller'],
    [number('ours', 'strange'), 'kept'],
    [keptOf(found).length, 'in quarantine'],
  ];
  const said = parts.flatMap(([size, what]) => (size === 0 ? [] : [`${String(size)} ${what}`]));
  return said.length === 0 ? 'there are no volumes' : `no volume to be cleaned up: ${said.join(', ')}`;
}

function count(number: number, one: string, many: string): string {
  return number === 1 ? `1 volume ${one}` : `${String(number)} volumes ${many}`;
}
