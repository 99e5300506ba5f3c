import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { afterRestarts } from '../../facts/host/entered-directory.ts';
import type { StoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { stoppedText } from '../../facts/copies/stopped-for-copy.ts';
import type { JsonObject } from '../../values/json.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change, ExecAction } from '../engine/change.ts';
import type { CopyMethod } from './copy-method.ts';
import { emptyDirectory } from './copy-method.ts';
import type { CopyStart, Directory } from './copy-start.ts';
import { contentOf, restoreDirectory, sidesBound } from './copy-start.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import type { PassOptions } from './copy-passes.ts';
import { finalPass, forgetCopies, holdsOnlyCopy, livePass } from './copy-passes.ts';
import { copyWhileStopped, startAgain } from './start-again.ts';
import { names } from './directory-users.ts';
import { functionOf, wholeScript } from '../../shell/render.ts';
import { shell } from '../../shell/shell.ts';

type Remembered = StoppedForCopies['all'][number];

export interface CopyPlan {
  readonly method: CopyMethod;
  readonly source: Directory;
  readonly target: Directory;
  readonly start: CopyStart;
  readonly uses: readonly ContainerUse[];
  readonly stopped: StoppedForCopies;
  readonly remembered: Remembered | undefined;
  /** What runs and is to be stopped for the final pass. */
  readonly stops: readonly ContainerUse[];
  /** A complete copy is brought up to date. */
  readonly refresh: boolean;
  readonly replaces: boolean;
  /** Nobody is stopped, and others may write to either directory at any time. */
  readonly shared: boolean;
  /** Whether Docker has said who uses the directories. */
  readonly usersKnown: boolean;
  /** Between the two directories; undefined where the source is written to until somebody is stopped. */
  readonly differences: number | undefined;
  /** Files that say that another copy was begun into the destination, or into another directory at its path: no longer so once this one is whole. */
  readonly forgotten: readonly string[];
  /** Without the final pass. */
  readonly firstOnly: boolean;
  readonly bwlimit: string | undefined;
  /** From and to, for people. */
  readonly labels: readonly [string, string];
}

type Common = Pick<Change, 'before' | 'undo' | 'bindings'> & { readonly undoneTo?: JsonObject };

/** The change after which the copy is whole. */
export function finalOf(changes: readonly Change[]): Change | undefined {
  return changes.find(({ subject }) => subject?.startsWith('final:') === true);
}

/** The live pass while containers run, where there are any and the method can; and the final one. */
export function copyChanges(plan: CopyPlan): readonly Change[] {
  const { method, source, target, start, stops, labels } = plan;
  const options = passOptions(plan);
  // Only rsync can go on; the others begin again.
  const again = start.begun !== undefined && method.kind !== 'rsync' ? ', from its beginning' : '';
  const what = `${labels[0]} → ${labels[1]}: ${start.begun === undefined ? (plan.refresh ? 'bring the copy up to date, ' : '') : 'go on with the copy of '}${String(source.entries)} entries, ${formatBytes(source.allocatedBytes)}, by ${method.kind}${again}`;
  const before: JsonObject = {
    ...contentOf(target),
    ...(start.begun === undefined ? {} : { unfinished: true }),
    ...(target.entries === 0 || plan.differences === undefined ? {} : { differences: plan.differences }),
  };
  const undoneTo =
    start.begun === undefined
      ? undefined
      : { entries: 0, bytes: 0, owner: start.marker.owner, mode: start.marker.mode };
  const reversible = start.reversible && !plan.refresh;
  const undo = reversible ? undoActions(plan) : 'irreversible';
  const common: Common = {
    before,
    undo,
    ...(reversible && undoneTo !== undefined ? { undoneTo } : {}),
    bindings: {
      ...Object.fromEntries(stops.map(({ id, name }) => [`container ${name}`, id])),
      ...sidesBound({ source, destination: target }),
    },
  };
  const live = stops.length === 0 && !plan.firstOnly ? [] : livePass(method, source, target, options);
  // Nothing else about the destination holds still while the source is written to.
  const first: Change = {
    ...common,
    before: { copy: start.begun !== undefined ? 'begun' : plan.refresh ? 'older' : 'none' },
    ...(reversible && undoneTo !== undefined ? { undoneTo: { copy: 'none' } } : {}),
    after: { copy: 'begun' },
    summary: plan.firstOnly
      ? `${what}, first pass`
      : `${what}, while ${names(stops)} run${stops.length === 1 ? 's' : ''}`,
    subject: `copy:${target.path}`,
    actions: live,
    atomic: false,
  };
  return [
    ...(live.length === 0 ? [] : [first]),
    ...(plan.firstOnly ? [] : [finalChange(plan, common, what, live.length > 0)]),
  ];
}

function passOptions({ bwlimit, replaces, start }: CopyPlan): PassOptions {
  return { bwlimit, replaces, completes: start.marker.found === 'part' };
}

function finalChange(plan: CopyPlan, common: Common, what: string, second: boolean): Change {
  const { method, source, target, stops, remembered, forgotten } = plan;
  const after = { entries: source.entries, bytes: source.allocatedBytes, owner: source.owner, mode: source.mode };
  const again = stillThere(remembered, plan.uses).filter(({ running }) => !running);
  // What a copy that was cut had stopped comes first: it was started before what has come back by itself.
  const ids = [...again, ...stops].map(({ id }) => id);
  const subject = `final:${target.path}`;
  const before =
    remembered === undefined ? common.before : { ...common.before, stopped: again.map(({ name }) => name) };
  const undoneTo = remembered === undefined ? common.undoneTo : (common.undoneTo ?? common.before);
  const undoes = undoneTo === undefined || common.undo === 'irreversible' ? {} : { undoneTo };
  const forget: readonly Action[] =
    forgotten.length === 0 ? [] : [{ kind: 'exec', argv: ['rm', '-f', '--', ...forgotten] }];
  if (ids.length === 0 && remembered === undefined) {
    const title = `Copies ${source.path} to ${target.path} and compares the two by checksum.`;
    const script = wholeScript(title, finalPass(method, source, target, passOptions(plan)));
    const pass: ExecAction = { kind: 'exec', argv: ['/bin/sh', '-s'], stdin: script, timeoutMs: longestCopyMs };
    return { ...common, ...undoes, subject, summary: what, before, after, actions: [pass, ...forget], atomic: false };
  }
  const file = fileOf(plan);
  const who = names([...again, ...stops]);
  return {
    ...common,
    ...undoes,
    subject,
    summary: `${second ? '' : `${what}; `}stop ${who}, ${second ? 'copy the rest and compare' : 'copy and compare'}, start ${ids.length === 1 ? 'it' : 'them'} again`,
    before,
    after,
    actions: [
      { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', plan.stopped.directory] },
      {
        kind: 'write-file',
        path: file,
        content: stoppedText({ from: source.path, to: target.path, containers: ids }),
        mode: '0600',
        expect: plan.stopped.all.find((one) => one.file === file)?.text ?? null,
      },
      copyWhileStopped(file, source, target, (stillHolds) =>
        finalPass(method, source, target, { ...passOptions(plan), stillHolds }),
      ),
      ...forget,
    ],
    atomic: true,
  };
}

/** Starts what a copy that came to its end, or was given up, has left stopped. */
export function startAgainChange(remembered: Remembered, uses: readonly ContainerUse[]): Change {
  const down = stillThere(remembered, uses).filter(({ running }) => !running);
  return {
    summary:
      down.length === 0
        ? 'all containers that were stopped for the copy run again: forget that they were'
        : `start ${names(down)} again, stopped for the copy`,
    subject: `stopped:${remembered.to}`,
    before: { stopped: down.map(({ name }) => name) },
    after: { stopped: [] },
    actions: [startAgain(remembered.file)],
    undo: [],
    atomic: true,
    bindings: {},
  };
}

function stillThere(remembered: Remembered | undefined, uses: readonly ContainerUse[]): readonly ContainerUse[] {
  return (remembered?.containers ?? []).flatMap((id) => uses.find((use) => use.id === id) ?? []);
}

/** Found again by what it says: its name is of no meaning, and a device has another number after a restart. */
function fileOf({ stopped, remembered, target }: CopyPlan): string {
  return remembered?.file ?? `${stopped.directory}/${target.identity.replace(':', '-')}`;
}

const mayBeEmptied = shell('operations/copies/may-be-emptied.sh');

/** What is emptied was made by this copy and by nothing else, and nobody has it mounted; where others may have written to the source, it can be copied again. */
function undoActions(plan: CopyPlan): readonly Action[] {
  const { source, target, start, shared, usersKnown } = plan;
  const to = afterRestarts(target);
  const only = functionOf('holds_only_copy', holdsOnlyCopy(afterRestarts(source), to, shared));
  const title = 'Stops here if a running container has $1, or if it holds anything but the copy.';
  const guard = wholeScript(title, only, mayBeEmptied);
  const forget = wholeScript(`Forgets the copy to ${target.path}.`, forgetCopies(target.path));
  return [
    startAgain(fileOf(plan)),
    {
      kind: 'exec',
      argv: ['/bin/sh', '-s', '--', target.path, ...(usersKnown ? [] : ['unasked'])],
      stdin: guard,
      timeoutMs: longestCopyMs,
    },
    emptyDirectory(to),
    ...restoreDirectory(to, start.marker),
    { kind: 'exec', argv: ['/bin/sh', '-s'], stdin: forget },
  ];
}
