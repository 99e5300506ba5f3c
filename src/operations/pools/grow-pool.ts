import * as z from 'zod';
import type { ContainerUse } from '../../facts/containers/container-uses.ts';
import { containerUses } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { DeviceMapper } from '../../facts/host/device-mapper.ts';
import { deviceMapper } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import type { LoopPool } from '../../facts/pools/loop-pool.ts';
import { loopPool } from '../../facts/pools/loop-pool.ts';
import type { LvmPool } from '../../facts/pools/lvm-pool.ts';
import { lvmPool } from '../../facts/pools/lvm-pool.ts';
import type { Growth, PoolGrowth } from '../../facts/pools/pool-growth.ts';
import { poolGrowth } from '../../facts/pools/pool-growth.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes, parseSize, resolveSize, roundUp } from '../../values/size.ts';
import { sizeText } from '../engine/input.ts';
import { resourcesOf } from '../restart/restart.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, together } from '../engine/reading.ts';
import type { Wanted } from './loop-files.ts';
import { growLoopPool } from './loop.ts';
import type { LvmName } from './lvm.ts';
import { growLvmPool, lvmNameOf, toExtents } from './lvm.ts';
import { completeOffline, growOffline } from './offline.ts';
import type { PoolSizes, ThinPool } from './thin-pool.ts';
import { judgeThinPool, metadataBlockBytes } from './thin-pool.ts';
import type { Outgrown } from '../rootfs/outgrown.ts';
import { readOutgrown, stoppedReads } from '../rootfs/outgrown.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import { judgeStops } from '../copies/stop-users.ts';

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

interface BackedPool {
  readonly pool: ThinPool;
  readonly backing: Backing;
}

/** What a growth that stops everything goes by beside the pool. */
interface Host {
  readonly growth: PoolGrowth;
  readonly containers: readonly Container[];
  readonly uses: readonly ContainerUse[];
  /** The ids of what runs: all of them are stopped. */
  readonly running: readonly string[];
  readonly outgrown: Outgrown;
}

/** A growth that was cut with the daemon down: then there is nobody who could be asked of the pool. */
interface Cut {
  readonly growth: PoolGrowth;
  readonly cut: Growth & { readonly text: string };
}

type Seen =
  | Cut
  | {
      readonly docker: Docker;
      readonly judged: BackedPool | Refusal;
      /** Where it is to grow offline. */
      readonly host?: Host;
    };

function* read(want: Want): Reading<Seen> {
  if (want.offline === true) return yield* readOffline();
  const [docker] = yield* together(ask(dockerInfo));
  if (docker.driver !== 'devicemapper') return { docker, judged: yield* readPool(docker, noDevices) };
  const [mapper] = yield* together(ask(deviceMapper));
  return { docker, judged: yield* readPool(docker, mapper) };
}

function* readOffline(): Reading<Seen> {
  const known = yield [ask(poolGrowth), ask(dockerInfo)];
  const growth = known.the(ask(poolGrowth));
  // That the daemon does not answer then is what is expected.
  if (growth.daemonDown && growth.begun !== undefined) return { growth, cut: growth.begun };
  const docker = known.the(ask(dockerInfo));
  if (docker.driver !== 'devicemapper') return { docker, judged: yield* readPool(docker, noDevices) };
  const [mapper, all, uses] = yield* together(ask(deviceMapper), ask(containers), ask(containerUses));
  const running = uses.filter((use) => use.running).map(({ id }) => id);
  const [outgrown, judged] = yield* beside(readOutgrown(running, docker), readPool(docker, mapper));
  return { docker, judged, host: { growth, containers: all, uses, running, outgrown } };
}

const noDevices: DeviceMapper = { devices: {} };

function* readPool(docker: Docker, mapper: DeviceMapper): Reading<BackedPool | Refusal> {
  const pool = judgeThinPool(docker, mapper);
  if (isRefused(pool)) return pool;
  const name = lvmOf(pool);
  if (name === undefined) {
    const [loops] = yield* together(ask(loopPool, pool.target.dataDevice, pool.target.metadataDevice));
    return { pool, backing: { kind: 'loop', loops } };
  }
  const [lvm] = yield* together(ask(lvmPool, name.group, name.name));
  return { pool, backing: { kind: 'lvm', name, lvm } };
}

export const growPool = defineOperation({
  name: 'grow_pool',
  summary:
    "Grow Docker's devicemapper thin pool, its data and its metadata, on loop files or on LVM; online, or offline when asked",
  schema,
  readOnly: false,
  repeats: false,

  read,

  plan(want, seen) {
    if ('cut' in seen) return combine([completeOffline(seen.cut, seen.growth, sizesWhileStopped(want, seen.cut))], '');
    const { docker, judged, host } = seen;
    if (isRefused(judged)) return judged;
    const { pool } = judged;
    const grown = grow(want, judged, docker, host);
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

  pin(want, seen) {
    const sizes = 'cut' in seen ? sizesWhileStopped(want, seen.cut) : sizesNow(want, seen.judged);
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

  touches(_want, seen) {
    if ('cut' in seen) {
      const { pool, containers: ids } = seen.cut;
      return {
        reads: ['docker', 'pool'],
        changes: ['docker', 'pool', `device:${pool}`, ...ids.map((id) => `container:${id}`)],
      };
    }
    const { judged, host } = seen;
    const reads = ['docker', 'pool', ...resourcesOf(host?.containers ?? [])];
    if (isRefused(judged)) return { reads, changes: [] };
    const device = `device:${judged.pool.device.name}`;
    if (host === undefined) return { reads, changes: ['pool', device] };
    return {
      reads: [...reads, ...stoppedReads(host.running, host.outgrown)],
      changes: ['docker', 'pool', device, ...host.running.map((id) => `container:${id}`)],
    };
  },

  result(_want, seen) {
    if ('cut' in seen || isRefused(seen.judged)) return null;
    const { pool, backing } = seen.judged;
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

function relative(text: string | undefined): boolean {
  return text !== undefined && parseSize(text).kind !== 'absolute';
}

function grow(want: Want, { pool, backing }: BackedPool, docker: Docker, host: Host | undefined): ContainerPlan {
  const wanted: Wanted = {
    sizes: sizesOf(want, pool, backing),
    asked: askedOf(want),
    overcommit: want.overcommit === true,
  };
  if (backing.kind === 'loop') {
    const { loops } = backing;
    if (host === undefined) return growLoopPool(pool, docker, loops, wanted);
    const { growth, uses } = host;
    const unstoppable = judgeStops(
      uses.filter(({ running }) => running),
      uses,
      host,
      { work: 'the growth', startedBy: 'restarted daemon' },
    );
    return growOffline(pool, { docker, loops, growth, uses, containers: host.containers, unstoppable }, wanted);
  }
  const grown = growLvmPool(pool, backing.name, backing.lvm, wanted);
  if (host === undefined || isRefused(grown) || grown.changes.length === 0) return grown;
  return refuse(
    `LVM owns the pool ${pool.device.name}, and grows it while everything runs: a stop of the daemon gives nothing`,
    'leave offline out',
  );
}

function lvmOf({ device }: ThinPool): LvmName | undefined {
  return device.uuid?.startsWith('LVM-') === true ? lvmNameOf(device.name) : undefined;
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

function sizesNow(want: Want, judged: BackedPool | Refusal): PoolSizes | undefined {
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
