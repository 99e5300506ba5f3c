import { AppError } from '../../src/errors.ts';
import type { ContainerUse } from '../../src/facts/containers/container-uses.ts';
import { containerUses } from '../../src/facts/containers/container-uses.ts';
import type { Container } from '../../src/facts/containers/containers.ts';
import { containers } from '../../src/facts/containers/containers.ts';
import { dockerInfo } from '../../src/facts/daemon/docker.ts';
import { ask } from '../../src/facts/fact.ts';
import type { Growth, PoolGrowth } from '../../src/facts/pools/pool-growth.ts';
import { growthRecord, poolGrowth } from '../../src/facts/pools/pool-growth.ts';
import { thinRootfs } from '../../src/facts/rootfs/thin-rootfs.ts';
import { Answers } from './known.ts';
import type { PoolWorld } from './pool-world.ts';
import { poolAnswers } from './pool-world.ts';
import { use } from './volumes/world.ts';

/** A host whose daemon may be stopped for its pool. */
export interface OfflineWorld extends PoolWorld {
  readonly uses: readonly ContainerUse[];
  readonly containers: readonly Container[];
  readonly growth: PoolGrowth;
  /** Of the file systems of containers, by their names, where they are not as large as their devices. */
  readonly grownBytes?: Readonly<Record<string, number>>;
}

const never = '0001-01-01T00:00:00Z';

/** `1`, `2`: minutes at which it was started; what does not run has none. */
export function runs(name: string, minute: number, more: Partial<ContainerUse> = {}): ContainerUse {
  const id = Buffer.from(name).toString('hex').padEnd(64, '0');
  return use(name, id, undefined, {
    running: minute > 0,
    startedAt: minute > 0 ? `2026-11-20T10:0${String(minute)}:00.5Z` : never,
    ...more,
  });
}

const deviceOf = (name: string): string => `docker-254:0-1-${name}`;
const graphOf = (name: string): Container['graph'] => ({
  DeviceName: deviceOf(name),
  DeviceId: '7',
  DeviceSize: String(storedBytes),
});
/** What Docker has stored of each container's device. */
const storedBytes = 320 * 1024 ** 2;

export function described(
  { id, name, running, startedAt, labels, autoRemove }: ContainerUse,
  restart = 'no',
  state: Partial<Container['state']> = {},
): Container {
  return {
    id,
    name,
    image: 'sha256:0',
    labels,
    driver: 'devicemapper',
    graph: graphOf(name),
    storageOpt: null,
    autoRemove,
    state: {
      status: running ? 'running' : 'exited',
      running,
      paused: false,
      restarting: false,
      pid: running ? 1 : 0,
      startedAt,
      error: '',
      ...state,
    },
    restart: { name: restart, maximumRetryCount: 0 },
  };
}

export const nothingBegun: PoolGrowth = {
  directory: '/var/lib/plimsoll/stopped',
  file: '/var/lib/plimsoll/stopped/pool',
  begun: undefined,
  daemonDown: false,
  stopTogether: [],
};

export function begun(growth: Growth, daemonDown: boolean): PoolGrowth {
  return { ...nothingBegun, begun: { ...growth, text: growthRecord(growth) }, daemonDown };
}

export function offlineWorld(world: PoolWorld, more: Partial<OfflineWorld> = {}): OfflineWorld {
  const uses = more.uses ?? [runs('web', 2), runs('db', 1), runs('old', 0)];
  return { ...world, uses, containers: uses.map((each) => described(each)), growth: nothingBegun, ...more };
}

export function offlineAnswers(world: OfflineWorld): Answers {
  // While the daemon is down it cannot be asked anything.
  const answers = world.growth.daemonDown
    ? new Answers().fail(ask(dockerInfo), new AppError('no-docker', 'docker does not answer'))
    : poolAnswers(world).set(ask(containerUses), world.uses).set(ask(containers), world.containers);
  for (const { name, state } of world.containers) {
    const path = `/var/lib/docker/devicemapper/metadata/${name}`;
    const bytes = world.grownBytes?.[name] ?? storedBytes;
    const stored = { path, deviceId: 7, bytes: storedBytes, text: '{}', mode: '0600' };
    answers.set(ask(thinRootfs, deviceOf(name), path, String(state.running ? state.pid : 0)), {
      deviceBytes: bytes,
      fileSystem: { kind: 'xfs', bytes },
      stored,
      usage: undefined,
    });
  }
  return answers.set(ask(poolGrowth), world.growth);
}
