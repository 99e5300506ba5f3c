import * as z from 'zod';
import type { BegunCopies } from '../../facts/copies/begun-copy.ts';
import { begunCopies, copyStrangers, doubt, markerText, refuseStrangers } from '../../facts/copies/begun-copy.ts';
import type { DirectoryDifference } from '../../facts/copies/directory-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { containerUsesIfAny, copySource } from '../../facts/copies/copy-source.ts';
import { copyDirectory, copyTools, directoryDifference } from '../../facts/copies/directory-copy.ts';
import type { Entered } from '../../facts/host/entered-directory.ts';
import { afterRestarts, enteredArguments } from '../../facts/host/entered-directory.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { isRefused } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action, Change } from '../engine/change.ts';
import type { CopyMethod } from './copy-method.ts';
import { chooseMethod, comparison, copyActions, emptyDirectory } from './copy-method.ts';
import type { CopyStart, Directory } from './copy-start.ts';
import {
  begin,
  contentOf,
  copyToGoOnWith,
  goOn,
  intoOthersAt,
  restoreDirectory,
  sidesBound,
  unfinishedInto,
} from './copy-start.ts';
import { defineOperation } from '../engine/operation.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import { copiedDirectory, copyRate } from './copy-input.ts';
import {
  nested,
  noMethod,
  notDirectory,
  overlap,
  sourceWarnings,
  tooSmall,
  toolWarnings,
  unfinishedSource,
  unfit,
  usedDestination,
} from './copy-judgement.ts';
import { names, runningUsers } from './directory-users.ts';

const schema = z.strictObject({
  from: copiedDirectory.describe("the directory whose content is copied, for example a volume's _data"),
  to: copiedDirectory.describe('the directory that becomes the same; empty, or a part of the copy already'),
  bwlimit: copyRate.optional(),
  delete: z.boolean().default(false).describe('the destination may hold something else, which is replaced and removed'),
});
type Want = z.infer<typeof schema>;

export const volumeCopy = defineOperation<Want>({
  name: 'volume_copy',
  summary:
    'Copy a directory to another on the same host, with everything that its files have, and verify it by checksum',
  schema,
  readOnly: false,
  repeats: false,
  needs(want, known) {
    const first = [
      ask(copyTools),
      ask(copyDirectory, want.from),
      ask(copyDirectory, want.to),
      ask(begunCopies),
      ask(copySource, want.from),
      ask(containerUsesIfAny),
    ];
    const difference = differenceRequest(want, known);
    const strangers = strangersRequest(want, known);
    return [
      ...first,
      ...(difference === undefined ? [] : [difference]),
      ...(strangers === undefined ? [] : [strangers]),
    ];
  },
  plan(want, known) {
    const tools = known.the(ask(copyTools));
    const source = known.the(ask(copyDirectory, want.from));
    const target = known.the(ask(copyDirectory, want.to));
    const begunHere = known.the(ask(begunCopies));
    const { copies } = begunHere;
    if (source.kind !== 'directory') return notDirectory(want.from, source.kind);
    if (target.kind !== 'directory') return notDirectory(want.to, target.kind);
    const method = chooseMethod(tools);
    const difference = differenceRequest(want, known);
    const differs = difference === undefined ? undefined : known.the(difference);
    const refusal = overlap(source, target) ?? nested(source) ?? nested(target) ?? unfinishedSource(source, begunHere);
    if (refusal !== undefined) return refusal;
    if (method === undefined) return noMethod;
    const unfinished = unfinishedInto(target, copies);
    if (differs?.total === 0 && unfinished === undefined)
      return {
        outcome: 'noop',
        reason: `${want.to} is a complete copy (${String(target.entries)} entries, ${formatBytes(target.allocatedBytes)})`,
      };
    const special = known.the(ask(copySource, want.from));
    const uses = known.the(ask(containerUsesIfAny));
    const unsafe = usedDestination(uses, [target.path, want.to]) ?? unfit(method, source, special);
    if (unsafe !== undefined) return unsafe;
    const begun = copyToGoOnWith(source, target, copies, want.delete);
    const strangers = strangersRequest(want, known);
    const start =
      begun === undefined
        ? begin(source, method, target, want.delete, differs, unfinished)
        : goOn(begun, method, target, want.delete, strangers === undefined ? [] : known.the(strangers));
    if (isRefused(start)) return start;
    const situation = { method, source, target, begunHere, differs, start };
    const said = [
      ...usersWarnings(uses, source, want.from),
      ...warnings(want, situation),
      ...sourceWarnings(source, target, special),
      ...toolWarnings(method, tools, want.bwlimit),
    ];
    return tooSmall(source, target) ?? { outcome: 'change', changes: [change(want, situation)], warnings: said };
  },
  touches: ({ from, to }) => ({ reads: [`path:${from}`, `path:${to}`], changes: [`path:${to}`] }),
  result({ from, to }, known) {
    const source = known.get(ask(copyDirectory, from));
    return {
      from,
      to,
      entries: source?.kind === 'directory' ? source.entries : null,
      bytes: source?.kind === 'directory' ? source.allocatedBytes : null,
    };
  },
});

/** Only two different directories of which the destination holds something, or neither does, need to be compared. */
function differenceRequest({ from, to }: Want, known: Known): FactRequest<DirectoryDifference> | undefined {
  const tools = known.get(ask(copyTools));
  const source = known.get(ask(copyDirectory, from));
  const target = known.get(ask(copyDirectory, to));
  if (
    tools === undefined ||
    source?.kind !== 'directory' ||
    target?.kind !== 'directory' ||
    overlap(source, target) !== undefined
  )
    return undefined;
  const method = chooseMethod(tools);
  if (method === undefined || (target.entries === 0 && source.entries > 0)) return undefined;
  return ask(directoryDifference, ...comparison(method, 'quick', source, target));
}

/** Only a copy that would be gone on with can have left something. */
function strangersRequest(want: Want, known: Known): FactRequest<readonly string[]> | undefined {
  const source = known.get(ask(copyDirectory, want.from));
  const target = known.get(ask(copyDirectory, want.to));
  const copies = known.get(ask(begunCopies))?.copies;
  if (
    source?.kind !== 'directory' ||
    target?.kind !== 'directory' ||
    copies === undefined ||
    overlap(source, target) !== undefined
  )
    return undefined;
  const begun = copyToGoOnWith(source, target, copies, want.delete);
  return begun === undefined || target.entries === 0 ? undefined : ask(copyStrangers, want.from, want.to);
}

interface Situation {
  readonly method: CopyMethod;
  readonly source: Directory;
  readonly target: Directory;
  readonly begunHere: BegunCopies;
  readonly differs: DirectoryDifference | undefined;
  readonly start: CopyStart;
}

function usersWarnings(uses: readonly ContainerUse[] | null, source: Directory, from: string): readonly string[] {
  const writers = runningUsers(uses ?? [], [source.path, from]).filter(({ writes, fromAbove }) => writes && !fromAbove);
  const changed = 'what changes during the copy makes its verification fail';
  return [
    writers.length > 0
      ? `stop ${names(writers.map(({ use }) => use))} first, which can write to ${source.path}: ${changed}`
      : `stop every container that writes to either directory first: ${changed}`,
    ...(uses === null ? ['Docker does not answer, so it is not known which containers use the two directories'] : []),
  ];
}

function warnings(want: Want, { method, target, begunHere, differs, start }: Situation): readonly string[] {
  const replaced = method.kind === 'rsync' ? (differs?.destructive ?? 0) : 0;
  const others = intoOthersAt(target, begunHere.copies);
  return [
    ...(replaced > 0
      ? [`of what is at ${want.to} now, ${String(replaced)} differ from the source and are replaced or removed`]
      : []),
    ...(start.begun?.doubtful === true && method.kind === 'rsync'
      ? [
          `what is at ${want.to} is compared by checksum first: the host has been restarted since the copy was begun, or it did not pass its verification`,
        ]
      : []),
    ...(others.length > 0
      ? [
          `a copy was begun into another directory at ${want.to} and never completed: if that was another file system, it is not mounted now`,
        ]
      : []),
  ];
}

/** More than this, and rsync's progress, a line for each file, is more than anybody keeps. */
const mostEntriesWithProgress = 10_000;

function change(
  want: Want,
  { method, source, target, begunHere: { directory, copies }, differs, start }: Situation,
): Change {
  const { begun, marker, removes, reversible } = start;
  const file = begun?.file ?? `${directory}/${target.identity.replace(':', '-')}`;
  const mark: readonly Action[] = [
    { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', directory] },
    {
      kind: 'write-file',
      path: file,
      content: markerText(marker),
      mode: '0600',
      expect: copies.find((copy) => copy.file === file)?.text ?? null,
    },
  ];
  const unmark: Action = {
    kind: 'exec',
    argv: [
      'rm',
      '-f',
      '--',
      ...new Set([file, ...copies.filter(({ to }) => to === target.path).map((copy) => copy.file)]),
    ],
  };
  // Only rsync can go on; the others begin again.
  const again = begun !== undefined && method.kind !== 'rsync';
  const later = afterRestarts(target);
  const copy = copyActions(method, source, target, {
    bwlimit: want.bwlimit,
    removes,
    checksum: begun?.doubtful === true,
    progress: source.entries <= mostEntriesWithProgress,
    onDifference: doubt(file),
  });
  return {
    summary: `${want.from} → ${want.to}: ${begun === undefined ? '' : 'go on with the copy of '}${String(source.entries)} entries, ${formatBytes(source.allocatedBytes)}, by ${method.kind}${again ? ', from its beginning' : ''}`,
    before: {
      ...contentOf(target),
      ...(begun === undefined ? {} : { unfinished: true }),
      ...(target.entries === 0 || differs === undefined ? {} : { differences: differs.total }),
    },
    after: { entries: source.entries, bytes: source.allocatedBytes, owner: source.owner, mode: source.mode },
    actions: [
      ...(begun === undefined ? mark : []),
      ...(again ? [guard(want, target), emptyDirectory(target)] : []),
      ...copy,
      unmark,
    ],
    undo: reversible
      ? [guard(want, later), emptyDirectory(later), ...restoreDirectory(later, marker), unmark]
      : 'irreversible',
    ...(reversible && begun !== undefined
      ? { undoneTo: { entries: 0, bytes: 0, owner: marker.owner, mode: marker.mode } }
      : {}),
    atomic: false,
    bindings: sidesBound({ source, destination: target }),
  };
}

/** Nothing is deleted that could not be copied again. */
function guard({ from }: Want, to: Entered): Action {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-s', '--', from, ...enteredArguments(to)],
    stdin: refuseStrangers,
    timeoutMs: longestCopyMs,
  };
}
