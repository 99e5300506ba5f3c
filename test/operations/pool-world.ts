import type { RecordedKind } from '../../lab/sim/calls.ts';
import type { MappedDevice } from '../../src/facts/host/device-mapper.ts';
import { deviceMapper } from '../../src/facts/host/device-mapper.ts';
import type { Docker } from '../../src/facts/daemon/docker.ts';
import { dockerInfo } from '../../src/facts/daemon/docker.ts';
import type { Fact } from '../../src/facts/fact.ts';
import { ask } from '../../src/facts/fact.ts';
import type { LoopDevice, LoopPool } from '../../src/facts/pools/loop-pool.ts';
import { loopPool } from '../../src/facts/pools/loop-pool.ts';
import type { LvmPool } from '../../src/facts/pools/lvm-pool.ts';
import { lvmPool } from '../../src/facts/pools/lvm-pool.ts';
import { recorded } from '../sim/transcripts.ts';
import { Answers } from './known.ts';
import { recordedHost } from './recorded-hosts.ts';

/** A host with a thin pool, as a virtual machine said it, so that a test can change the one thing that it is about. */
export interface PoolWorld {
  readonly docker: Docker;
  readonly pool: MappedDevice;
  readonly loops: LoopPool | undefined;
  readonly lvm: LvmPool | undefined;
}

export async function poolWorld(kind: 'dm-xfs' | 'dm-lvm'): Promise<PoolWorld> {
  const { docker, mapper } = await recordedHost(kind);
  const pool = mapper.devices[docker.driverStatus['Pool Name'] ?? ''];
  if (pool === undefined) throw new Error(`${kind} has no pool`);
  return {
    docker,
    pool,
    loops: kind === 'dm-lvm' ? undefined : await read(kind, loopPool, '7:0', '7:1'),
    lvm: kind === 'dm-lvm' ? await read(kind, lvmPool, 'docker', 'thinpool') : undefined,
  };
}

async function read<Value>(kind: RecordedKind, fact: Fact<Value>, ...args: readonly string[]): Promise<Value> {
  const answer = (await recorded(kind)).facts.find(({ name }) => name.startsWith(`${fact.name} `));
  if (answer === undefined) throw new Error(`${kind}: ${fact.name} was not recorded`);
  return fact.parse({ ...answer, status: answer.status ?? -1 }, args);
}

export function poolAnswers({ docker, pool, loops, lvm }: PoolWorld): Answers {
  const answers = new Answers().set(ask(dockerInfo), docker).set(ask(deviceMapper), { devices: { [pool.name]: pool } });
  if (loops !== undefined)
    answers.set(ask(loopPool, pool.table[0]?.args[1] ?? '', pool.table[0]?.args[0] ?? ''), loops);
  return lvm === undefined ? answers : answers.set(ask(lvmPool, 'docker', 'thinpool'), lvm);
}

export const withPool = (world: PoolWorld, change: Partial<MappedDevice>): PoolWorld => ({
  ...world,
  pool: { ...world.pool, ...change },
});

/** One of the loop devices, or its file, in another state. */
export function withLoop(world: PoolWorld, which: 'data' | 'metadata', change: Partial<LoopDevice>): PoolWorld {
  const loop = world.loops?.[which];
  if (world.loops === undefined || loop === undefined) throw new Error('no loop device');
  return { ...world, loops: { ...world.loops, [which]: { ...loop, ...change } } };
}

export const withLvm = (world: PoolWorld, change: Partial<LvmPool>): PoolWorld => {
  if (world.lvm === undefined) throw new Error('not LVM');
  return { ...world, lvm: { ...world.lvm, ...change } };
};
