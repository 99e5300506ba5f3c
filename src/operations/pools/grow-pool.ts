import * as z from 'zod';
import { containerUses } from '../../facts/containers/container-uses.ts';
import { containers } from '../../facts/containers/containers.ts';
import { deviceMapper } from '../../facts/host/device-mapper.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { LoopPool } from '../../facts/pools/loop-pool.ts';
import { loopPool } from '../../facts/pools/loop-pool.ts';
import type { LvmPool } from '../../facts/pools/lvm-pool.ts';
import { lvmPool } from '../../facts/pools/lvm-pool.ts';
import type { Growth } from '../../facts/pools/pool-growth.ts';
import { poolGrowth } from '../../facts/pools/pool-growth.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes, parseSize, resolveSize, roundUp } from '../../values/size.ts';
import { sizeText } from '../engine/input.ts';
import { containerResources } from '../restart/restart.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Wanted } from './loop-files.ts';
import { growLoopPool } from './loop.ts';
import type { LvmName } from './lvm.ts';
import { growLvmPool, lvmNameOf, toExtents } from './lvm.ts';
import { completeOffline, growOffline } from './offline.ts';
import type { PoolSizes, ThinPool } from './thin-pool.ts';
import { judgeThinPool, metadataBlockBytes } from './thin-pool.ts';
import { outgrownNeeds, outgrownReads } from '../rootfs/outgrown.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import { judgeStoppable } from '../copies/stop-users.ts';

const schema = z
  .strictObject({
    size: sizeText(parseSize)
      .optional()
      .describe('of the data: 200GiB; or relative to the size when the plan is made: +50GiB, 150%'),
    metadata_size: sizeText(parseSize)
      .optional()
      .describe(
        'of the metadata, in the same way: 1GiB, +256MiB, 200%; at most 15.8GiB, which is all that a pool can use',
      ),
    overcommit: z
      .boolean()
      .optional()
      .describe(
        'loop files: grow although their file system has less free than the growth and a margin; you see to it that the room is there in time',
      ),
    offline: z
      .boolean()
      .optional()
      .describe(
        'loop files: stop all containers and the Docker daemon, which makes the pool anew, as large as its files, when it starts; then start what ran',
      ),
    pinned: z
      .strictObject({
        data: z.number().int().positive().optional().describe('of the data, in bytes'),
        metadata: z.number().int().positive().optional().describe('of the metadata, in bytes'),
      })
      .optional()
      .describe('filled in by a plan: the sizes, once relative ones have been made absolute'),
  })
  .refine((want) => want.size !== undefined || want.metadata_size !== undefined, {
    message: 'say what is to grow: size: (data), metadata_size:, or both',
  });

type Want = z.infer<typeof schema>;

/** What the pool lies on, with what is known of that. */
type Backing =
  | { readonly kind: 'loop'; readonly loops: LoopPool }
  | { readonly kind: 'lvm'; readonly name: LvmName; readonly lvm: LvmPool };

export const growPool = defineOperation<Want>({
  name: 'grow_pool',
  summary:
    "Grow Docker's devicemapper thin pool, its data and its metadata, on loop files or on LVM; online, or offline when asked",
  schema,
  readOnly: false,
  repeats: false,

  needs(want, known) {
    const first = want.offline === true ? [ask(poolGrowth), ask(dockerInfo)] : [ask(dockerInfo)];
    if (stoppedFor(want, known) !== undefined) return first;
    const docker = known.get(ask(dockerInfo));
    if (docker === undefined || docker.driver !== 'devicemapper') return first;
    const second = [
      ...first,
      ask(deviceMapper),
      ...(want.offline === true
        ? [ask(containers), ask(containerUses), ...outgrownNeeds(runningIds(known), known)]
        : []),
    ];
    const mapper = known.get(ask(deviceMapper));
    const pool = mapper === undefined ? undefined : judgeThinPool(docker, mapper);
    return pool === undefined || isRefused(pool) ? second : [...second, askBacking(pool)];
  },

  plan(want, known) {
    const cut = stoppedFor(want, known);
    if (cut !== undefined)
      return combine([completeOffline(cut, known.the(ask(poolGrowth)), sizesWhileStopped(want, cut))], '');
    const judged = poolOf(known);
    if (isRefused(judged)) return judged;
    const { pool, backing } = judged;
    const grown = grow(want, pool, backing, known);
    const relative: ContainerPlan = {
      changes: [],
      warnings: !isRefused(grown) && grown.changes.length > 0 ? relativeWarnings(want) : [],
      owed: [],
    };
    return combine(
      [grown, relative],
      `the pool ${pool.device.name} has ${formatBytes(pool.now.data)} of data and ${formatBytes(pool.now.metadata)} of metadata already`,
    );
  },

  pin(want, known) {
    const cut = stoppedFor(want, known);
    const sizes = cut === undefined ? sizesNow(want, known) : sizesWhileStopped(want, cut);
    if (sizes === undefined) return want;
    const pinned = {
      ...(relative(want.size) ? { data: sizes.data } : {}),
      ...(relative(want.metadata_size) ? { metadata: sizes.metadata } : {}),
    };
    return Object.keys(pinned).length === 0 ? want : { ...want, pinned };
  },

  repin(want, fresh, saved) {
    const pinned = {
      ...(relative(want.size) ? { data: saved.pinned?.data } : {}),
      ...(relative(want.metadata_size) ? { metadata: saved.pinned?.metadata } : {}),
    };
    return Object.values(pinned).some((bytes) => bytes !== undefined) ? { ...fresh, pinned } : fresh;
  },

  touches(want, known) {
    const reads = ['docker', 'pool', ...(want.offline === true ? containerResources(known) : [])];
    const cut = stoppedFor(want, known);
    if (cut !== undefined)
      return {
        reads,
        changes: ['docker', 'pool', `device:${cut.pool}`, ...cut.containers.map((id) => `container:${id}`)],
      };
    const judged = poolOf(known);
    if (isRefused(judged)) return { reads, changes: [] };
    const stopped = want.offline === true ? runningIds(known) : [];
    return {
      reads: [...reads, ...outgrownReads(stopped, known)],
      changes: [
        ...(want.offline === true ? ['docker'] : []),
        'pool',
        `device:${judged.pool.device.name}`,
        ...stopped.map((id) => `container:${id}`),
      ],
    };
  },

  result(want, known) {
    if (stoppedFor(want, known) !== undefined) return null;
    const judged = poolOf(known);
    if (isRefused(judged)) return null;
    const { pool, backing } = judged;
    return {
      pool: pool.device.name,
      on: backing.kind,
      data_bytes: pool.now.data,
      metadata_bytes: pool.now.metadata,
      data_used_bytes: pool.used.data,
      metadata_used_bytes: pool.used.metadata,
    };
  },
});

/** All of them are stopped when it grows offline. */
function runningIds(known: Known): readonly string[] {
  return (known.get(ask(containerUses)) ?? []).filter(({ running }) => running).map(({ id }) => id);
}

function relative(text: string | undefined): boolean {
  return text !== undefined && parseSize(text).kind !== 'absolute';
}

/** A growth that was cut with the daemon down: then there is nobody who could be asked of the pool. */
function stoppedFor(want: Want, known: Known): (Growth & { readonly text: string }) | undefined {
  const growth = want.offline === true ? known.get(ask(poolGrowth)) : undefined;
  return growth?.daemonDown === true ? growth.begun : undefined;
}

function grow(want: Want, pool: ThinPool, backing: Backing, known: Known): ContainerPlan {
  const wanted: Wanted = {
    sizes: sizesOf(want, pool, backing),
    asked: askedOf(want),
    overcommit: want.overcommit === true,
  };
  const docker = known.the(ask(dockerInfo));
  if (backing.kind === 'loop') {
    if (want.offline !== true) return growLoopPool(pool, docker, backing.loops, wanted);
    const uses = known.the(ask(containerUses));
    const unstoppable = judgeStoppable(
      uses.filter(({ running }) => running),
      uses,
      known,
      { work: 'the growth', startedBy: 'restarted daemon' },
    );
    return growOffline(
      pool,
      {
        docker,
        loops: backing.loops,
        growth: known.the(ask(poolGrowth)),
        uses,
        containers: known.the(ask(containers)),
        unstoppable,
      },
      wanted,
    );
  }
  const grown = growLvmPool(pool, backing.name, backing.lvm, wanted);
  if (want.offline !== true || isRefused(grown) || grown.changes.length === 0) return grown;
  return refuse(
    `LVM owns the pool ${pool.device.name}, and grows it while everything runs: a stop of the daemon gives nothing`,
    'leave offline out',
  );
}

function lvmOf({ device }: ThinPool): LvmName | undefined {
  return device.uuid?.startsWith('LVM-') === true ? lvmNameOf(device.name) : undefined;
}

function askLoops({ target }: ThinPool): FactRequest<LoopPool> {
  return ask(loopPool, target.dataDevice, target.metadataDevice);
}

function askBacking(pool: ThinPool): FactRequest {
  const lvm = lvmOf(pool);
  return lvm === undefined ? askLoops(pool) : ask(lvmPool, lvm.group, lvm.name);
}

function poolOf(known: Known): { readonly pool: ThinPool; readonly backing: Backing } | Refusal {
  const docker = known.the(ask(dockerInfo));
  const pool = judgeThinPool(docker, docker.driver === 'devicemapper' ? known.the(ask(deviceMapper)) : { devices: {} });
  if (isRefused(pool)) return pool;
  const name = lvmOf(pool);
  return {
    pool,
    backing:
      name === undefined
        ? { kind: 'loop', loops: known.the(askLoops(pool)) }
        : { kind: 'lvm', name, lvm: known.the(ask(lvmPool, name.group, name.name)) },
  };
}

function askedOf(want: Want): Wanted['asked'] {
  return { data: want.size !== undefined, metadata: want.metadata_size !== undefined };
}

/** In whole blocks of the pool, or whole extents of LVM. */
function sizesOf(
  { size, metadata_size: metadataSize, pinned }: Want,
  { now, blockBytes }: ThinPool,
  backing: Backing,
): PoolSizes {
  const round = (bytes: number, unit: number): number =>
    backing.kind === 'lvm' ? toExtents(backing.lvm, bytes) : roundUp(bytes, unit);
  const resolve = (text: string | undefined, is: number, unit: number): number =>
    text === undefined ? is : round(resolveSize(parseSize(text), is), unit);
  const is = backing.kind === 'lvm' ? { data: backing.lvm.dataBytes, metadata: backing.lvm.metadataBytes } : now;
  return {
    data: pinned?.data ?? resolve(size, is.data, blockBytes),
    metadata: pinned?.metadata ?? resolve(metadataSize, is.metadata, metadataBlockBytes),
  };
}

function sizesNow(want: Want, known: Known): PoolSizes | undefined {
  const judged = poolOf(known);
  return isRefused(judged) ? undefined : sizesOf(want, judged.pool, judged.backing);
}

/** What is wanted of a pool that is not there, where it can be said: in the terms of the growth that was begun, as far as it is relative to what was. */
function sizesWhileStopped({ size, metadata_size: metadataSize, pinned }: Want, begun: Growth): Partial<PoolSizes> {
  const one = (text: string | undefined, fixed: number | undefined, is: number, unit: number): number | undefined => {
    if (fixed !== undefined || text === undefined) return fixed;
    const wanted = parseSize(text);
    return wanted.kind === 'absolute' ? roundUp(wanted.bytes, unit) : is;
  };
  const [data, metadata] = [
    one(size, pinned?.data, begun.dataBytes, begun.blockBytes),
    one(metadataSize, pinned?.metadata, begun.metadataBytes, metadataBlockBytes),
  ];
  return { ...(data === undefined ? {} : { data }), ...(metadata === undefined ? {} : { metadata }) };
}

function relativeWarnings(want: Want): readonly string[] {
  return [want.size, want.metadata_size].flatMap((text) =>
    text === undefined || !relative(text) ? [] : [`${text} is relative to the size now: it grows again at every run`],
  );
}
