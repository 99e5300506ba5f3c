import * as z from 'zod';
import type { BegunCopies, BegunCopy } from '../../facts/copies/begun-copy.ts';
import { begunCopies, copyStrangers } from '../../facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { CopiedRecord } from '../../facts/copies/copied-record.ts';
import { copiedRecord } from '../../facts/copies/copied-record.ts';
import type { CopySource } from '../../facts/copies/copy-source.ts';
import { containerUsesIfAny, copySource } from '../../facts/copies/copy-source.ts';
import type { Crossing } from '../../facts/crossing.ts';
import { crossing, plainText } from '../../facts/crossing.ts';
import type { CopyTools, DirectoryDifference } from '../../facts/copies/directory-copy.ts';
import { copyDirectory, copyTools, directoryDifference } from '../../facts/copies/directory-copy.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { realPath } from '../../facts/host/real-path.ts';
import type { StoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { stoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import type { CopyMethod } from './copy-method.ts';
import { chooseMethod, comparison } from './copy-method.ts';
import type { Directory } from './copy-start.ts';
import { copyToGoOnWith, unfinishedInto } from './copy-start.ts';
import { outgrownNeeds } from '../rootfs/outgrown.ts';
import { copyRate } from './copy-input.ts';
import { nested, noMethod, notDirectory, overlap, unfinishedSource, unfit } from './copy-judgement.ts';
import type { Located } from './places.ts';
import { locate, place } from './places.ts';
import { usersOfBoth } from './stop-users.ts';

export const copyVolumeSchema = z.strictObject({
  from: place.describe('what is copied'),
  to: place.describe('what becomes the same: it exists, and is empty or a copy of it already'),
  stop: z
    .boolean()
    .optional()
    .describe(
      'true: containers that use either are stopped for the final pass and started again whatever becomes of it; false: they run on, and what they write makes the verification fail',
    ),
  first_pass_only: z
    .boolean()
    .default(false)
    .describe(
      'only what can be copied while containers run (by rsync): a later copy_volume completes it, with much less to do',
    ),
  bwlimit: copyRate.optional(),
  delete: z.boolean().default(false).describe('the destination may hold something else, which is replaced and removed'),
  method: z
    .enum(['auto', 'rsync', 'cp', 'tar'])
    .default('auto')
    .describe('what copies; auto: rsync, or cp where there is no rsync, or tar'),
  since: z
    .string()
    .optional()
    .describe('filled in by a plan: the last pass before it, so that a copy made since counts'),
});
export type CopyWant = z.infer<typeof copyVolumeSchema>;

/** Three flights: what the host has; what the two directories are; and what they have in common, with what is to be known of the containers that stop. */
export function copyNeeds(want: CopyWant, known: Known): readonly FactRequest[] {
  const first: readonly FactRequest[] = [
    ask(copyTools),
    ask(begunCopies),
    ask(stoppedForCopies),
    ask(containerUsesIfAny),
    ...(isOnHost(want) ? [] : [ask(volumes)]),
    ...(needsContainers(want) ? [ask(containers)] : []),
  ];
  if (first.some((request) => known.get(request) === undefined)) return first;
  const located = locateBoth(want, known);
  if (isRefused(located)) return first;
  const { from, to } = located;
  const second = [
    ask(copyDirectory, from.path),
    ask(copyDirectory, to.path),
    ask(copySource, from.path),
    ask(copiedRecord, from.path, to.path),
    ...[from, to].flatMap(({ within }) => (within === undefined ? [] : [ask(realPath, within.base)])),
  ];
  const third = [differenceRequest(want, known), strangersRequest(want, known)].filter(
    (request) => request !== undefined,
  );
  return [
    ...first,
    ...second,
    ...third,
    ...(want.first_pass_only ? [] : outgrownNeeds(stoppedIds(want, located, known), known)),
  ];
}

/** The containers that stop for the final pass. */
export function stoppedIds(
  { stop }: CopyWant,
  located: { readonly from: Located; readonly to: Located },
  known: Known,
): readonly string[] {
  if (stop !== true) return [];
  const uses = known.get(ask(containerUsesIfAny)) ?? [];
  return directories(located, known).flatMap(([source, target]) =>
    usersOfBoth(uses, namesOf(located.from, source), namesOf(located.to, target)).toStop.map(({ id }) => id),
  );
}

/** Two directories of the host, which may have no Docker. */
function isOnHost({ from, to }: CopyWant): boolean {
  return [from, to].every(({ volume, container }) => volume === undefined && container === undefined);
}

export function needsContainers({ from, to, stop }: CopyWant): boolean {
  return stop === true || from.container !== undefined || to.container !== undefined;
}

export function locateBoth(want: CopyWant, known: Known): { readonly from: Located; readonly to: Located } | Refusal {
  const uses = known.get(ask(containerUsesIfAny)) ?? [];
  const docker = {
    uses,
    volumes: isOnHost(want) ? [] : (known.get(ask(volumes)) ?? []),
    containers: needsContainers(want) ? (known.get(ask(containers)) ?? []) : [],
  };
  const from = locate(want.from, docker);
  if (isRefused(from)) return from;
  const to = locate(want.to, docker);
  return isRefused(to) ? to : { from, to };
}

function directories(
  { from, to }: { readonly from: Located; readonly to: Located },
  known: Known,
): readonly (readonly [Directory, Directory])[] {
  const source = known.get(ask(copyDirectory, from.path));
  const target = known.get(ask(copyDirectory, to.path));
  return source?.kind === 'directory' && target?.kind === 'directory' ? [[source, target]] : [];
}

export interface Survey {
  readonly tools: CopyTools;
  readonly method: CopyMethod;
  readonly source: Directory;
  readonly target: Directory;
  readonly special: CopySource;
  readonly uses: readonly ContainerUse[];
  /** Every name by which containers may have them mounted. */
  readonly sourceNames: readonly string[];
  readonly targetNames: readonly string[];
  readonly layers: readonly string[];
  readonly begunHere: BegunCopies;
  readonly unfinished: BegunCopy | undefined;
  readonly record: CopiedRecord | null;
  readonly stopped: StoppedForCopies;
  /** What this very copy has stopped and not started again. */
  readonly remembered: StoppedForCopies['all'][number] | undefined;
  readonly differs: DirectoryDifference | undefined;
}

export function survey(want: CopyWant, known: Known): Survey | Refusal {
  const uses = known.the(ask(containerUsesIfAny));
  if (uses === null)
    return refuse(
      'the Docker daemon does not answer, so it is not known which containers use the two directories',
      'start it (systemctl start docker), then run the same again',
    );
  const located = locateBoth(want, known);
  if (isRefused(located)) return located;
  const { from, to } = located;
  const source = known.the(ask(copyDirectory, from.path));
  const target = known.the(ask(copyDirectory, to.path));
  if (source.kind !== 'directory') return notDirectory(from.path, source.kind);
  if (target.kind !== 'directory') return notDirectory(to.path, target.kind);
  const begunHere = known.the(ask(begunCopies));
  const refusal =
    strayed(from, source, known) ??
    strayed(to, target, known) ??
    overlap(source, target) ??
    nested(source) ??
    nested(target) ??
    unfinishedSource(source, begunHere);
  if (refusal !== undefined) return refusal;
  const tools = known.the(ask(copyTools));
  const method = methodOf(want, tools);
  if (method === undefined)
    return want.method === 'auto'
      ? noMethod
      : refuse(
          `the host has no ${want.method} that keeps everything and can be verified`,
          'leave method out, and one that is there is chosen',
        );
  const special = known.the(ask(copySource, from.path));
  const unsafe = unfit(method, source, special);
  if (unsafe !== undefined) return unsafe;
  const stopped = known.the(ask(stoppedForCopies));
  const difference = differenceRequest(want, known);
  return {
    tools,
    method,
    source,
    target,
    special,
    uses,
    sourceNames: namesOf(from, source),
    targetNames: namesOf(to, target),
    layers: [from, to].flatMap(({ layerOf }) => layerOf ?? []),
    begunHere,
    unfinished: unfinishedInto(target, begunHere.copies),
    record: known.the(ask(copiedRecord, from.path, to.path)),
    stopped,
    remembered: stopped.all.find((one) => one.from === source.path && one.to === target.path),
    differs: difference === undefined ? undefined : known.the(difference),
  };
}

export function namesOf({ path, alias }: Located, { path: real }: Directory): readonly string[] {
  return [...new Set([real, path, ...(alias === undefined ? [] : [alias])])];
}

/** A symbolic link in a container's path is the container's: on the host it leads somewhere else. */
export function strayed(
  { path, within }: Located,
  { path: real }: Directory,
  known: Known,
  at: (fact: typeof realPath, base: Crossing) => FactRequest<string | null> = ask,
): Refusal | undefined {
  if (within === undefined) return undefined;
  const base = known.the(at(realPath, crossing(plainText, within.base, 'a directory that a container has mounted')));
  if (base !== null && real === `${base}/${within.rest}`) return undefined;
  return refuse(
    `${path} has a symbolic link in it, which leads to ${real} on the host and may lead elsewhere in the container`,
    'give the path without symbolic links',
  );
}

function methodOf({ method }: CopyWant, tools: CopyTools): CopyMethod | undefined {
  const only = (name: CopyWant['method']): boolean => method === 'auto' || method === name;
  return chooseMethod({
    ...tools,
    rsync: only('rsync') ? tools.rsync : null,
    cp: only('cp') && tools.cp,
    tar: only('tar') && tools.tar,
  });
}

/** Whether they are the same already is asked of two whole directories only. */
function differenceRequest(want: CopyWant, known: Known): FactRequest<DirectoryDifference> | undefined {
  const asked = whole(want, known);
  if (asked === undefined || asked.unfinished !== undefined || (asked.target.entries === 0 && asked.source.entries > 0))
    return undefined;
  const record = known.get(ask(copiedRecord, asked.from, asked.to));
  // A copy made since the plan counts, whatever the source is like by now.
  if (record === undefined || (record !== null && want.since !== undefined && record.stamp !== want.since))
    return undefined;
  return ask(directoryDifference, ...comparison(asked.method, 'quick', asked.source, asked.target));
}

/** Only a copy that was cut in the middle of a pass can be mixed with something else unseen. */
export function strangersRequest(want: CopyWant, known: Known): FactRequest<readonly string[]> | undefined {
  const asked = whole(want, known);
  if (asked === undefined || asked.target.entries === 0) return undefined;
  const record = known.get(ask(copiedRecord, asked.from, asked.to));
  if (record === undefined || record?.unchanged === true) return undefined;
  return copyToGoOnWith(asked.source, asked.target, asked.copies, want.delete) === undefined
    ? undefined
    : ask(copyStrangers, asked.from, asked.to);
}

function whole(
  want: CopyWant,
  known: Known,
):
  | {
      readonly from: string;
      readonly to: string;
      readonly source: Directory;
      readonly target: Directory;
      readonly method: CopyMethod;
      readonly copies: BegunCopies['copies'];
      readonly unfinished: Survey['unfinished'];
    }
  | undefined {
  const tools = known.get(ask(copyTools));
  const copies = known.get(ask(begunCopies))?.copies;
  const located = locateBoth(want, known);
  if (tools === undefined || copies === undefined || isRefused(located)) return undefined;
  const method = methodOf(want, tools);
  const [pair] = directories(located, known);
  if (method === undefined || pair === undefined || overlap(...pair) !== undefined) return undefined;
  const [source, target] = pair;
  return {
    from: located.from.path,
    to: located.to.path,
    source,
    target,
    method,
    copies,
    unfinished: unfinishedInto(target, copies),
  };
}
