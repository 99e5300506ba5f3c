import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { CopyDirectory } from '../../facts/copies/directory-copy.ts';
import { copyDirectory } from '../../facts/copies/directory-copy.ts';
import { ask } from '../../facts/fact.ts';
import type { Json } from '../../values/json.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes, parseBytes, parseSize, resolveSize, roundUp } from '../../values/size.ts';
import { gate, layer } from '../containers/replace/replacement-input.ts';
import { sizeText } from '../engine/input.ts';
import type { Decision, Finding } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, ifKnown, perhaps } from '../engine/reading.ts';
import { stoppedReads } from '../rootfs/outgrown.ts';
import { copyRate } from '../copies/copy-input.ts';
import { blockBytes } from '../../values/docker-size.ts';
import type { CopyFacts } from './scale-by-copy.ts';
import { copyDowntime, readForCopy, scaleByCopy } from './scale-by-copy.ts';
import { scaleInPlace } from './scale-in-place.ts';
import type { Situation } from './situation.ts';
import { judgeShrink } from './shrink.ts';
import { readSituation } from './situation.ts';
import { byHand } from '../../values/shell.ts';

const methods = ['in_place', 'copy'] as const;
type Method = (typeof methods)[number];

const schema = z
  .strictObject({
    volume: z
      .string()
      .min(1)
      .optional()
      .describe('the name of the volume; that of an older version (foo-0) means the one that has replaced it (foo-1)'),
    container: z.string().min(1).optional().describe('instead of volume: the name of a container, with path:'),
    path: z
      .string()
      .startsWith('/', 'must be the absolute path of a mount in the container')
      .optional()
      .describe('with container: where it has the volume mounted'),
    size: sizeText(parseSize).describe(
      'what it is to have: 20GiB, more or less than now; or relative to what it has when the plan is made: +5GiB, 150%',
    ),
    method: z
      .enum(['auto', ...methods])
      .default('auto')
      .describe(
        'in_place changes the quota, with no downtime; copy makes a new volume and recreates the containers; auto takes the first of these that is possible',
      ),
    restart_daemon: z
      .boolean()
      .optional()
      .describe(
        'in place: restart the Docker daemon, so that it knows the new size at once; only with live-restore, so that containers go on running',
      ),
    margin: z
      .union([z.string().regex(/^\d{1,3}(\.\d+)?%$/), sizeText(parseBytes)])
      .optional()
      .meta({ title: 'size, or a percentage such as 20%' })
      .describe(
        'what must stay free when the volume becomes smaller, as a size or as a percentage of what is used; 10%, and at least 16MiB, when left out',
      ),
    bwlimit: copyRate.optional().describe('by copy: bytes a second at most: 50MiB; by rsync only'),
    gate: gate.prefault({}).describe('by copy: what a new container has to show before the old one is given up'),
    layer: layer.describe(
      'by copy: a container that has written to its own layer, outside of its volumes, loses that: refuse it then, or discard what it has written',
    ),
    pinned: z
      .strictObject({
        volume: z.string().describe('the name of the volume'),
        bytes: z.number().int().positive().describe('its size, in bytes'),
        method: z.enum(methods).optional().describe('how it gets that'),
      })
      .optional()
      .describe('filled in by a plan: the volume that was meant, its size in bytes, and the method'),
  })
  .refine(
    (want) =>
      (want.volume === undefined) === (want.container !== undefined) &&
      (want.container === undefined) === (want.path === undefined),
    { message: 'name the volume: volume: NAME, or container: NAME with path: WHERE IT IS MOUNTED' },
  );

type Want = z.infer<typeof schema>;

interface Seen extends Measured {
  readonly situation: Situation;
  /** Why its size cannot be told is what the plan is then. */
  readonly bytes: number | Refusal;
  /** All of them, where the daemon may be restarted. */
  readonly containers: readonly Container[] | undefined;
}

export const scaleVolume = defineOperation<Want, Seen>({
  name: 'scale_volume',
  summary: 'Give a volume another size, larger or smaller: in place, or by a verified copy and new containers',
  schema,
  readOnly: false,
  repeats: false,

  *read(want) {
    const situation = yield* readSituation(meant(want));
    if (isRefused(situation)) return situation;
    const bytes = targetBytes(want, situation);
    const [restarted, measured] = yield* beside(
      perhaps(want.restart_daemon === true ? ask(containers) : undefined),
      readMeasured(want, situation, bytes),
    );
    return { situation, bytes, containers: restarted, ...measured };
  },

  plan(want, seen): Decision {
    const { bytes } = seen;
    return isRefused(bytes) ? bytes : planFor(want, { ...seen, bytes });
  },

  pin(want, seen) {
    const { situation, bytes } = seen;
    if (isRefused(bytes)) return want;
    const method =
      want.pinned?.method ?? (isThatSize(situation, bytes) ? undefined : choose(want, { ...seen, bytes }).method);
    return {
      ...want,
      pinned: {
        volume: want.pinned?.volume ?? situation.volume.name,
        bytes,
        ...(method === undefined ? {} : { method }),
      },
    };
  },

  // Which volume is meant is asked of the host again, whatever the plan says.
  repin(want, fresh, saved) {
    if (fresh.pinned === undefined || saved.pinned === undefined) return fresh;
    const { method: freshly, ...pinned } = fresh.pinned;
    const bytes = parseSize(want.size).kind === 'absolute' ? pinned.bytes : saved.pinned.bytes;
    const method = want.method === 'auto' ? saved.pinned.method : freshly;
    return { ...fresh, pinned: { ...pinned, bytes, ...(method === undefined ? {} : { method }) } };
  },

  touchesRefused: { reads: ['docker'], changes: [] },
  touches(want, { situation, containers, methods }) {
    const users = situation.users.map(({ id }) => id);
    const resources = [
      `volume:${situation.family}`,
      `path:${situation.volume.mountpoint}`,
      ...users.map((id) => `container:${id}`),
    ];
    const all = containers ?? methods.flatMap((one) => (one.method === 'copy' ? one.facts.outgrown.containers : []));
    const reads = ['docker', ...resources, ...stoppedReads(users, { containers: all, docker: situation.docker })];
    return want.restart_daemon === true
      ? { reads: [...reads, ...all.map(({ id }) => `container:${id}`)], changes: [...resources, 'docker'] }
      : { reads, changes: resources };
  },

  verify(_want, { situation: { volume, state }, bytes }): readonly Finding[] {
    if (isRefused(bytes) || state.shownBytes === bytes) return [];
    return [
      {
        message: `${volume.name} is shown with ${formatBytes(state.shownBytes)} where ${formatBytes(bytes)} were wanted`,
      },
    ];
  },

  result(want, { situation: { volume, state, users, past } }): Json {
    return {
      volume: volume.name,
      size: state.quota?.limitBytes ?? 0,
      method: want.pinned?.method ?? null,
      containers: users.map(({ id, name }) => ({
        name,
        id,
        was: past.replacements.find((one) => one.step === 'done' && one.new === id)?.old ?? null,
      })),
    };
  },
});

/** Once a plan has been made, the volume that it was made for is meant, whatever a container has mounted by then. */
function meant({ volume, container, path, pinned }: Want): {
  readonly volume?: string | undefined;
  readonly container?: string | undefined;
  readonly path?: string | undefined;
} {
  return pinned === undefined ? { volume, container, path } : { volume: pinned.volume };
}

/** In whole blocks. */
function targetBytes(want: Want, { volume, state }: Situation): number | Refusal {
  if (want.pinned !== undefined) return want.pinned.bytes;
  const wanted = parseSize(want.size);
  const now = state.options?.quotaBytes ?? 0;
  if (wanted.kind !== 'absolute' && now === 0)
    return refuse(
      `${volume.name} has no size now, and ${want.size} is relative to that`,
      'write the size itself, for example 20GiB',
    );
  return roundUp(resolveSize(wanted, now), blockBytes);
}

/** Nothing is left to be done for the size, but perhaps for it to last. */
function isThatSize({ state }: Situation, bytes: number): boolean {
  return state.quota?.limitBytes === bytes && state.options?.quotaBytes === bytes;
}

/** How the size could be had. What a method that is not needed would need is not asked for. */
function methodsOf(
  want: Want,
  situation: Situation,
  bytes: number,
): { readonly tried: readonly Method[]; readonly goesOn: boolean } {
  // A copy that has been begun to exactly this size is gone on with.
  const goesOn = situation.pending.length === 1 && situation.pending[0]?.state.options?.quotaBytes === bytes;
  const only = want.pinned?.method ?? (want.method === 'auto' ? undefined : want.method);
  if (only !== undefined) return { tried: [only], goesOn };
  if (goesOn) return { tried: ['copy'], goesOn };
  return {
    tried: isRefused(scaleInPlace(situation, bytes, undefined)) ? ['in_place', 'copy'] : ['in_place'],
    goesOn,
  };
}

/** A method that is tried, with what it has to know. */
type Attempt = { readonly method: 'in_place' } | { readonly method: 'copy'; readonly facts: CopyFacts };

interface Measured {
  readonly methods: readonly Attempt[];
  /** What the volume holds, where that has to be known, or is. */
  readonly content: CopyDirectory | undefined;
}

function* readMeasured(want: Want, situation: Situation, bytes: number | Refusal): Reading<Measured> {
  if (isRefused(bytes) || isThatSize(situation, bytes)) return { methods: [], content: undefined };
  const { tried } = methodsOf(want, situation, bytes);
  if (tried.includes('copy')) {
    const facts = yield* readForCopy(situation);
    return {
      methods: tried.map((method) => (method === 'copy' ? { method, facts } : { method })),
      content: facts.source,
    };
  }
  const measure = ask(copyDirectory, situation.volume.mountpoint);
  const content = yield* isShrink(situation, bytes) ? perhaps(measure) : ifKnown(measure);
  return { methods: [{ method: 'in_place' }], content };
}

function isShrink({ state }: Situation, bytes: number): boolean {
  return bytes < (state.quota?.limitBytes ?? 0);
}

interface Choice {
  readonly method: Method | undefined;
  readonly plan: ContainerPlan;
  /** Why a method that comes before it was not taken. */
  readonly passedOver: readonly string[];
}

/** Once it is known what size that is. */
type Sized = Seen & { readonly bytes: number };

function choose(want: Want, seen: Sized): Choice {
  const { situation, bytes, content, methods } = seen;
  const shrink = judgeShrink(want.margin, situation, bytes, content);
  if (shrink !== undefined) return { method: undefined, plan: shrink, passedOver: [] };
  const plans = methods.map((one) => ({
    method: one.method,
    plan: one.method === 'in_place' ? inPlace(seen) : byCopy(want, seen, one.facts),
  }));
  const possible = plans.find(({ plan }) => !isRefused(plan));
  const refusals = plans.flatMap(({ method, plan }) => (isRefused(plan) ? [{ ...plan, method }] : []));
  if (possible !== undefined)
    return {
      ...possible,
      passedOver: possible.method === 'copy' && want.method === 'auto' ? whyNotInPlace(situation, bytes) : [],
    };
  const only = plans.find(({ plan }) => isRefused(plan) && plan.provisional !== undefined);
  if (only !== undefined) return { method: undefined, plan: only.plan, passedOver: [] };
  if (refusals.length === 1 || refusals.every(({ reason }) => reason === refusals[0]?.reason))
    return { method: undefined, plan: refuse(refusals[0]?.reason ?? '', refusals[0]?.remedy ?? ''), passedOver: [] };
  return {
    method: undefined,
    plan: refuse(
      refusals.map(({ method, reason }) => `${named[method]}: ${reason}`).join('; '),
      refusals.map(({ remedy }) => remedy).join('; or '),
    ),
    passedOver: [],
  };
}

function whyNotInPlace(situation: Situation, bytes: number): readonly string[] {
  const plan = scaleInPlace(situation, bytes, undefined);
  return isRefused(plan) ? [`in place: not possible: ${plan.reason}`] : [];
}

const named: Readonly<Record<Method, string>> = { in_place: 'in place', copy: 'by copy' };

function inPlace({ situation, bytes, containers: restarted }: Sized): ContainerPlan {
  const [left] = situation.pending;
  if (left !== undefined) {
    return refuse(
      `${left.volume.name} was made to take the place of ${situation.volume.name}, and the copy to it was never completed`,
      `complete it (plimsoll resume) or take it back (plimsoll rollback); when it is of no use any more: ${byHand('docker', 'volume', 'rm', left.volume.name)}`,
    );
  }
  return scaleInPlace(situation, bytes, restarted);
}

function byCopy(want: Want, { situation, bytes }: Sized, facts: CopyFacts): ContainerPlan {
  return scaleByCopy(
    situation,
    { bytes, bwlimit: want.bwlimit, gate: want.gate, discardLayer: want.layer === 'discard' },
    facts,
  );
}

function planFor(want: Want, seen: Sized): Decision {
  const { situation, bytes } = seen;
  const { volume, pending } = situation;
  const relative =
    want.pinned === undefined && parseSize(want.size).kind !== 'absolute'
      ? [`${want.size} is relative to the size now: it changes again at every run`]
      : [];
  if (isThatSize(situation, bytes)) {
    const left = pending.map(
      (one) =>
        `${one.volume.name} was made to take the place of ${volume.name} and has not: when it is of no use, ${byHand('docker', 'volume', 'rm', one.volume.name)}`,
    );
    const lasting = scaleInPlace(situation, bytes, seen.containers);
    return combine(
      [lasting, { changes: [], warnings: left, owed: [] }],
      `${volume.name} is ${formatBytes(bytes)} already`,
    );
  }
  const { method, plan, passedOver } = choose(want, seen);
  const copying = copyDowntime(situation, seen.content);
  const offered =
    method === 'in_place'
      ? [
          `in place: no downtime${copying === undefined ? '' : `; by copy (method: copy) it would be down from the last pass on, ${copying}`}`,
        ]
      : [
          ...passedOver,
          ...(situation.users.some(({ running }) => running)
            ? [`by copy: down from the last pass on, ${copying ?? 'for a time that depends on what it holds'}`]
            : []),
        ];
  return combine(
    [plan, { changes: [], warnings: [...offered, ...relative], owed: [] }],
    `${volume.name} is ${formatBytes(bytes)} already`,
  );
}
