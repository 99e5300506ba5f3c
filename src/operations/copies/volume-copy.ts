import * as z from 'zod';
import type { BegunCopies } from '../../facts/copies/begun-copy.ts';
import { begunCopies, copyStrangers, doubt, markerText, refuseStrangers } from '../../facts/copies/begun-copy.ts';
import type { CopyDirectory, DirectoryDifference } from '../../facts/copies/directory-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { containerUsesIfAny, copySource } from '../../facts/copies/copy-source.ts';
import { copyDirectory, copyTools, directoryDifference } from '../../facts/copies/directory-copy.ts';
import type { Entered } from '../../facts/host/entered-directory.ts';
import { afterRestarts, enteredArguments } from '../../facts/host/entered-directory.ts';
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
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, perhaps, together } from '../engine/reading.ts';
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

function* read(want: Want) {
  const [tools, source, target, begunHere, special, uses] = yield* together(
    ask(copyTools),
    ask(copyDirectory, want.from),
    ask(copyDirectory, want.to),
    ask(begunCopies),
    ask(copySource, want.from),
    ask(containerUsesIfAny),
  );
  const method = chooseMethod(tools);
  const [differs, strangers] = yield* readCompared(want, method, source, target, begunHere);
  return { tools, method, source, target, begunHere, special, uses, differs, strangers: strangers ?? [] };
}

/** What is compared are two different directories only. */
function* readCompared(
  want: Want,
  method: CopyMethod | undefined,
  source: CopyDirectory,
  target: CopyDirectory,
  { copies }: BegunCopies,
): Reading<readonly [DirectoryDifference | undefined, readonly string[] | undefined]> {
  if (source.kind !== 'directory' || target.kind !== 'directory' || overlap(source, target) !== undefined)
    return [undefined, undefined];
  // The destination holds something, or neither does.
  const filled = target.entries > 0 || source.entries === 0;
  // Only a copy that would be gone on with can have left something.
  const begun = target.entries > 0 && copyToGoOnWith(source, target, copies, want.delete) !== undefined;
  return yield* beside(
    perhaps(
      method !== undefined && filled
        ? ask(directoryDifference, ...comparison(method, 'quick', source, target))
        : undefined,
    ),
    perhaps(begun ? ask(copyStrangers, want.from, want.to) : undefined),
  );
}

export const volumeCopy = defineOperation({
  name: 'volume_copy',
  summary:
    'Copy a directory to another on the same host, with everything that its files have, and verify it by checksum',
  schema,
  readOnly: false,
  repeats: false,
  read,
  plan(want, { tools, method, source, target, begunHere, special, uses, differs, strangers }): Decision {
    const { copies } = begunHere;
    if (source.kind !== 'directory') return notDirectory(want.from, source.kind);
    if (target.kind !== 'directory') return notDirectory(want.to, target.kind);
    const refusal = overlap(source, target) ?? nested(source) ?? nested(target) ?? unfinishedSource(source, begunHere);
    if (refusal !== undefined) return refusal;
    if (method === undefined) return noMethod;
    const unfinished = unfinishedInto(target, copies);
    if (differs?.total === 0 && unfinished === undefined)
      return {
        outcome: 'noop',
        reason: `${want.to} is a complete copy (${String(target.entries)} entries, ${formatBytes(target.allocatedBytes)})`,
      };
    const unsafe = usedDestination(uses, [target.path, want.to]) ?? unfit(method, source, special);
    if (unsafe !== undefined) return unsafe;
    const begun = copyToGoOnWith(source, target, copies, want.delete);
    const start =
      begun === undefined
        ? begin(source, method, target, want.delete, differs, unfinished)
        : goOn(begun, method, target, want.delete, strangers);
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
  result: ({ from, to }, { source }) => ({
    from,
    to,
    entries: source.kind === 'directory' ? source.entries : null,
    bytes: source.kind === 'directory' ? source.allocatedBytes : null,
  }),
});

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
