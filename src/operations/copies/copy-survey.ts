import * as z from 'zod';
import type { BegunCopies, BegunCopy } from '../../facts/copies/begun-copy.ts';
import { begunCopies, copyStrangers } from '../../facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { CopiedRecord } from '../../facts/copies/copied-record.ts';
import { copiedRecord } from '../../facts/copies/copied-record.ts';
import type { CopySource } from '../../facts/copies/copy-source.ts';
import { containerUsesIfAny, copySource } from '../../facts/copies/copy-source.ts';
import type { CopyDirectory, CopyTools, DirectoryDifference } from '../../facts/copies/directory-copy.ts';
import { copyDirectory, copyTools, directoryDifference } from '../../facts/copies/directory-copy.ts';
import { ask } from '../../facts/fact.ts';
import type { StoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { stoppedForCopies } from '../../facts/copies/stopped-for-copy.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import type { CopyMethod } from './copy-method.ts';
import { chooseMethod, comparison } from './copy-method.ts';
import type { Directory } from './copy-start.ts';
import { copyToGoOnWith, unfinishedInto } from './copy-start.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, perhaps, together } from '../engine/reading.ts';
import { readOutgrown } from '../rootfs/outgrown.ts';
import { copiedDirectory, copyRate } from './copy-input.ts';
import { nested, noMethod, notDirectory, overlap, unfinishedSource } from './copy-judgement.ts';
import type { CopyPlace, DockerFacts, Located } from './places.ts';
import { locate, place } from './places.ts';
import { namesOf, readBase, strayed } from './real-place.ts';
import type { Stoppable } from './stop-users.ts';
import { usersOfBoth } from './stop-users.ts';

/** A path alone is short for a directory of the host. */
const placeOrPath = z.union([copiedDirectory.transform((path): CopyPlace => ({ path })), place]);

export const copyVolumeSchema = z.strictObject({
  from: placeOrPath.describe('what is copied; a path alone is short for {path: PATH}'),
  to: placeOrPath.describe('what becomes the same: it exists, and is empty, or a part or a copy of it already'),
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

/** What the older key `volume_copy` takes: two directories, and nobody is stopped. */
export const volumeCopySchema = z
  .strictObject({
    from: copiedDirectory.describe("the directory whose content is copied, for example a volume's _data"),
    to: copiedDirectory.describe('the directory that becomes the same; empty, or a part of the copy already'),
    bwlimit: copyVolumeSchema.shape.bwlimit,
    delete: copyVolumeSchema.shape.delete,
  })
  .transform((input): z.input<typeof copyVolumeSchema> => ({ ...input, stop: false }))
  .pipe(copyVolumeSchema)
  .describe('from one directory to another, with `stop: false`');

/** What is known of two directories of one host before a copy. */
export interface CopySeen extends Stoppable {
  readonly tools: CopyTools;
  readonly begunHere: BegunCopies;
  readonly stopped: StoppedForCopies;
  /** Null where Docker does not answer. */
  readonly uses: readonly ContainerUse[] | null;
  readonly from: Located;
  readonly to: Located;
  readonly source: CopyDirectory;
  readonly target: CopyDirectory;
  readonly special: CopySource;
  readonly record: CopiedRecord | null;
  /** The real paths of what containers have mounted there. */
  readonly bases: { readonly from: string | null | undefined; readonly to: string | null | undefined };
  readonly differs: DirectoryDifference | undefined;
  readonly strangers: readonly string[];
  /** The containers that stop for the final pass. */
  readonly stops: readonly string[];
}

/** Three flights: what the host has; what the two directories are; and what they have in common, with what is to be known of the containers that stop. */
export function* readCopy(want: CopyWant): Reading<CopySeen | Refusal> {
  const [[tools, begunHere, stopped, uses], [volumesHere, all]] = yield* beside(
    together(ask(copyTools), ask(begunCopies), ask(stoppedForCopies), ask(containerUsesIfAny)),
    beside(
      perhaps(isOnHost(want) ? undefined : ask(volumes)),
      perhaps(needsContainers(want) ? ask(containers) : undefined),
    ),
  );
  const docker = { uses: uses ?? [], volumes: volumesHere ?? [], containers: all ?? [] };
  const located = locateBoth(want, docker);
  if (isRefused(located)) return uses === null ? silentDocker : located;
  const { from, to } = located;
  const [[source, target, special, record], [baseFrom, baseTo]] = yield* beside(
    together(
      ask(copyDirectory, from.path),
      ask(copyDirectory, to.path),
      ask(copySource, from.path),
      ask(copiedRecord, from.path, to.path),
    ),
    beside(readBase(from), readBase(to)),
  );
  const stops = stoppedIds(want, docker.uses, { from, to, source, target });
  const [[differs, strangers], outgrown] = yield* beside(
    readCompared(want, { tools, begunHere, from, to, source, target, record }),
    readOutgrown(want.first_pass_only ? [] : stops),
  );
  return {
    tools,
    begunHere,
    stopped,
    uses,
    containers: docker.containers,
    from,
    to,
    source,
    target,
    special,
    record,
    bases: { from: baseFrom, to: baseTo },
    differs,
    strangers: strangers ?? [],
    stops,
    outgrown,
  };
}

const silentDocker = refuse(
  'the Docker daemon does not answer, so it is not known which containers use the two directories',
  'start it (systemctl start docker), then run the same again',
);

type Sides = Pick<CopySeen, 'from' | 'to' | 'source' | 'target'>;

/** The containers that stop for the final pass. */
function stoppedIds(
  { stop }: CopyWant,
  uses: readonly ContainerUse[],
  { from, to, source, target }: Sides,
): readonly string[] {
  return stop === true && source.kind === 'directory' && target.kind === 'directory'
    ? usersOfBoth(uses, namesOf(from, source), namesOf(to, target)).toStop.map(({ id }) => id)
    : [];
}

/** Two directories of the host, which may have no Docker. */
function isOnHost({ from, to }: CopyWant): boolean {
  return [from, to].every(({ volume, container }) => volume === undefined && container === undefined);
}

/** Nobody is stopped: where Docker does not answer it is enough to say that nobody knows who uses the directories. */
function needsNoDocker(want: CopyWant): boolean {
  return want.stop === false && isOnHost(want);
}

function needsContainers({ from, to, stop }: CopyWant): boolean {
  return stop === true || from.container !== undefined || to.container !== undefined;
}

function locateBoth(want: CopyWant, docker: DockerFacts): { readonly from: Located; readonly to: Located } | Refusal {
  const from = locate(want.from, docker);
  if (isRefused(from)) return from;
  const to = locate(want.to, docker);
  return isRefused(to) ? to : { from, to };
}

export interface Survey {
  readonly tools: CopyTools;
  readonly method: CopyMethod;
  readonly source: Directory;
  readonly target: Directory;
  readonly special: CopySource;
  /** None are known where Docker does not answer and need not. */
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

export function survey(want: CopyWant, seen: CopySeen): Survey | Refusal {
  const { from, to, source, target, begunHere, tools, special, stopped } = seen;
  if (source.kind !== 'directory') return notDirectory(from.path, source.kind);
  if (target.kind !== 'directory') return notDirectory(to.path, target.kind);
  const refusal =
    strayed(from, source, seen.bases.from) ??
    strayed(to, target, seen.bases.to) ??
    overlap(source, target) ??
    nested(source) ??
    nested(target) ??
    unfinishedSource(source, begunHere);
  if (refusal !== undefined) return refusal;
  const method = methodOf(want, tools);
  if (method === undefined)
    return want.method === 'auto'
      ? noMethod
      : refuse(
          `the host has no ${want.method} that keeps everything and can be verified`,
          'leave method out, and one that is there is chosen',
        );
  const remembered = stopped.all.find((one) => one.from === source.path && one.to === target.path);
  const uses = seen.uses ?? (needsNoDocker(want) && remembered === undefined ? [] : undefined);
  if (uses === undefined) return silentDocker;
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
    record: seen.record,
    stopped,
    remembered,
    differs: seen.differs,
  };
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

/** Of two whole directories only: whether they are the same already, and what a copy that was cut cannot have left. */
function* readCompared(
  want: CopyWant,
  {
    tools,
    begunHere: { copies },
    from,
    to,
    source,
    target,
    record,
  }: Sides & Pick<CopySeen, 'tools' | 'begunHere' | 'record'>,
): Reading<readonly [DirectoryDifference | undefined, readonly string[] | undefined]> {
  const method = methodOf(want, tools);
  if (
    method === undefined ||
    source.kind !== 'directory' ||
    target.kind !== 'directory' ||
    overlap(source, target) !== undefined
  )
    return [undefined, undefined];
  const filled = target.entries > 0 || source.entries === 0;
  // A copy made since the plan counts, whatever the source is like by now.
  const madeSince = record !== null && want.since !== undefined && record.stamp !== want.since;
  // What a copy has left between its passes is not compared, since the source is written to then.
  const settled = want.stop === false || unfinishedInto(target, copies) === undefined;
  const compared = settled && filled && !madeSince;
  // Only a copy that was cut in the middle of a pass can be mixed with something else unseen.
  const mixed =
    target.entries > 0 &&
    record?.unchanged !== true &&
    copyToGoOnWith(source, target, copies, want.delete) !== undefined;
  return yield* beside(
    perhaps(compared ? ask(directoryDifference, ...comparison(method, 'quick', source, target)) : undefined),
    perhaps(mixed ? ask(copyStrangers, from.path, to.path) : undefined),
  );
}
