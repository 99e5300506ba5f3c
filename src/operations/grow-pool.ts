import { z } from 'zod';
import { deviceMapper } from '../facts/device-mapper.ts';
import { dockerInfo } from '../facts/docker.ts';
import type { FactRequest, Known } from '../facts/fact.ts';
import { ask } from '../facts/fact.ts';
import type { LoopPool } from '../facts/loop-pool.ts';
import { loopPool } from '../facts/loop-pool.ts';
import type { LvmPool } from '../facts/lvm-pool.ts';
import { lvmPool } from '../facts/lvm-pool.ts';
import { formatBytes, parseSize, resolveSize, roundUp } from '../values/size.ts';
import { sizeText } from './input.ts';
import { defineOperation } from './operation.ts';
import type { Wanted } from './pools/loop.ts';
import { growLoopPool } from './pools/loop.ts';
import type { LvmName } from './pools/lvm.ts';
import { growLvmPool, lvmNameOf, toExtents } from './pools/lvm.ts';
import type { PoolSizes, ThinPool } from './pools/thin-pool.ts';
import { judgeThinPool, metadataBlockBytes } from './pools/thin-pool.ts';
import type { ContainerPlan } from './rootfs/outcome.ts';
import { combine } from './rootfs/outcome.ts';

const schema = z
  .strictObject({
    size: sizeText(parseSize).optional().describe('of the data: 200GiB; or relative to now, when the plan is made: +50GiB, 150%'),
    metadata_size: sizeText(parseSize).optional().describe('of the metadata: 1GiB, +256MiB, 200%; at most 15.8GiB'),
    overcommit: z.boolean().optional().describe('loop files: grow although their file system has less room than the pool would have; you see to it that the room is there in time'),
    pinned: z.strictObject({ data: z.number().int().positive().optional(), metadata: z.number().int().positive().optional() }).optional().describe('filled in by a plan: bytes, once a relative size has been made absolute'),
  })
  .refine((want) => want.size !== undefined || want.metadata_size !== undefined, { message: 'say what is to grow: size: (data), metadata_size:, or both' });

type Want = z.infer<typeof schema>;

/** What the pool lies on, with what is known of that. */
type Backing = { readonly kind: 'loop'; readonly loops: LoopPool } | { readonly kind: 'lvm'; readonly name: LvmName; readonly lvm: LvmPool };

export const growPool = defineOperation<Want>({
  name: 'grow_pool',
  summary: "Grow Docker's devicemapper thin pool online, its data and its metadata, on loop files or on LVM",
  schema,
  readOnly: false,
  repeats: false,

  needs(_want, known) {
    const docker = known.get(ask(dockerInfo));
    const mapper = known.get(ask(deviceMapper));
    if (docker === undefined || docker.driver !== 'devicemapper') return [ask(dockerInfo)];
    if (mapper === undefined) return [ask(dockerInfo), ask(deviceMapper)];
    const pool = judgeThinPool(docker, mapper);
    return [ask(dockerInfo), ask(deviceMapper), ...('refused' in pool ? [] : [askBacking(pool)])];
  },

  plan(want, known) {
    const judged = poolOf(known);
    if ('refused' in judged) return { outcome: 'refused', ...judged.refused };
    const { pool, backing } = judged;
    const wanted: Wanted = { sizes: sizesOf(want, pool, backing), asked: askedOf(want), overcommit: want.overcommit === true };
    const grown = backing.kind === 'loop' ? growLoopPool(pool, known.the(ask(dockerInfo)), backing.loops, wanted) : growLvmPool(pool, backing.name, backing.lvm, wanted);
    const relative: ContainerPlan = { changes: [], warnings: 'changes' in grown && grown.changes.length > 0 ? relativeWarnings(want) : [], owed: [] };
    return combine([grown, relative], `the pool ${pool.device.name} has ${formatBytes(pool.now.data)} of data and ${formatBytes(pool.now.metadata)} of metadata already`);
  },

  pin(want, known) {
    const judged = poolOf(known);
    if ('refused' in judged) return want;
    const sizes = sizesOf(want, judged.pool, judged.backing);
    const relative = (text: string | undefined): boolean => text !== undefined && parseSize(text).kind !== 'absolute';
    const pinned = { ...(relative(want.size) ? { data: sizes.data } : {}), ...(relative(want.metadata_size) ? { metadata: sizes.metadata } : {}) };
    return Object.keys(pinned).length === 0 ? want : { ...want, pinned };
  },

  touches(_want, known) {
    const judged = poolOf(known);
    return { reads: ['docker', 'pool'], changes: 'refused' in judged ? [] : ['pool', `device:${judged.pool.device.name}`] };
  },

  result(_want, known) {
    const judged = poolOf(known);
    if ('refused' in judged) return null;
    const { pool, backing } = judged;
    return { pool: pool.device.name, on: backing.kind, data_bytes: pool.now.data, metadata_bytes: pool.now.metadata, data_used_bytes: pool.used.data, metadata_used_bytes: pool.used.metadata };
  },
});

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

function poolOf(known: Known): { readonly pool: ThinPool; readonly backing: Backing } | Extract<ContainerPlan, { refused: unknown }> {
  const docker = known.the(ask(dockerInfo));
  const pool = judgeThinPool(docker, docker.driver === 'devicemapper' ? known.the(ask(deviceMapper)) : { devices: {} });
  if ('refused' in pool) return pool;
  const name = lvmOf(pool);
  return { pool, backing: name === undefined ? { kind: 'loop', loops: known.the(askLoops(pool)) } : { kind: 'lvm', name, lvm: known.the(ask(lvmPool, name.group, name.name)) } };
}

function askedOf(want: Want): Wanted['asked'] {
  return { data: want.size !== undefined, metadata: want.metadata_size !== undefined };
}

/** In whole blocks of the pool, or whole extents of LVM. */
function sizesOf({ size, metadata_size: metadataSize, pinned }: Want, { now, blockBytes }: ThinPool, backing: Backing): PoolSizes {
  const round = (bytes: number, unit: number): number => (backing.kind === 'lvm' ? toExtents(backing.lvm, bytes) : roundUp(bytes, unit));
  const resolve = (text: string | undefined, is: number, unit: number): number => (text === undefined ? is : round(resolveSize(parseSize(text), is), unit));
  const is = backing.kind === 'lvm' ? { data: backing.lvm.dataBytes, metadata: backing.lvm.metadataBytes } : now;
  return { data: pinned?.data ?? resolve(size, is.data, blockBytes), metadata: pinned?.metadata ?? resolve(metadataSize, is.metadata, metadataBlockBytes) };
}

function relativeWarnings(want: Want): readonly string[] {
  return [want.size, want.metadata_size].flatMap((text) => (text === undefined || parseSize(text).kind === 'absolute' ? [] : [`${text} is relative to the size now: it grows again at every run`]));
}
