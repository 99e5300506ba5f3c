import type { RecordedKind } from '../../lab/sim/calls.ts';
import { containers } from '../../src/facts/containers/containers.ts';
import type { Container } from '../../src/facts/containers/containers.ts';
import type { DeviceMapper, MappedDevice } from '../../src/facts/host/device-mapper.ts';
import { deviceMapper, parseTableLine } from '../../src/facts/host/device-mapper.ts';
import type { Docker } from '../../src/facts/daemon/docker.ts';
import { dockerInfo } from '../../src/facts/daemon/docker.ts';
import type { Fact, Printed } from '../../src/facts/fact.ts';
import { ask } from '../../src/facts/fact.ts';
import type { OverlayQuota } from '../../src/facts/rootfs/overlay-quota.ts';
import { overlayQuota } from '../../src/facts/rootfs/overlay-quota.ts';
import type { ThinRootfs } from '../../src/facts/rootfs/thin-rootfs.ts';
import { thinRootfs } from '../../src/facts/rootfs/thin-rootfs.ts';
import type { TrimState } from '../../src/facts/rootfs/trim-state.ts';
import { trimState } from '../../src/facts/rootfs/trim-state.ts';
import { thinSuperblock } from '../../src/facts/rootfs/thin-superblock.ts';
import type { Superblock } from '../../src/facts/host/file-system.ts';
import { askOverlayQuota } from '../../src/operations/rootfs/grow-overlay.ts';
import { askThinRootfs } from '../../src/operations/rootfs/thin.ts';
import { recorded } from '../sim/transcripts.ts';
import { Answers } from './known.ts';

export const MiB = 1024 ** 2;

/** What a real virtual machine said, parsed, so that a test can change the one thing that it is about. */
export interface RecordedHost {
  readonly docker: Docker;
  readonly container: Container;
  readonly mapper: DeviceMapper;
  readonly rootfs: ThinRootfs | undefined;
  readonly superblock: Superblock | null;
  readonly trim: TrimState | undefined;
  readonly quota: OverlayQuota | undefined;
}

export async function recordedHost(kind: RecordedKind): Promise<RecordedHost> {
  const { facts, variables } = await recorded(kind);
  const value = (key: string): string => variables[key] ?? '';
  const printed = (name: string): Printed | undefined => {
    const answer = facts.find((one) => one.name === name || one.name.startsWith(`${name} `));
    return answer === undefined ? undefined : { ...answer, status: answer.status ?? -1 };
  };
  const read = <Value>(fact: Fact<Value>, ...args: readonly string[]): Value | undefined => {
    const outcome = printed(fact.name);
    return outcome === undefined ? undefined : fact.parse(outcome, args);
  };
  const docker = read(dockerInfo);
  const container = read(containers)?.find(({ name }) => name === 'c1');
  if (docker === undefined || container === undefined)
    throw new Error(`${kind}: no docker or no container c1 was recorded`);
  return {
    docker,
    container,
    mapper: read(deviceMapper) ?? { devices: {} },
    rootfs: read(thinRootfs, value('N'), `${value('R')}/devicemapper/metadata/${value('H')}`, value('PID')),
    superblock: read(thinSuperblock, value('P'), value('ID')) ?? null,
    trim: read(trimState, value('N')),
    quota: read(overlayQuota, value('L'), value('R')),
  };
}

/** The answers that such hosts' containers give together: the first one is the host. */
export function answersOf(...hosts: readonly [RecordedHost, ...RecordedHost[]]): Answers {
  const [{ docker, mapper }] = hosts;
  const answers = new Answers().set(ask(dockerInfo), docker).set(ask(deviceMapper), {
    devices: Object.assign({}, mapper.devices, ...hosts.map((host) => host.mapper.devices)) as DeviceMapper['devices'],
  });
  answers.set(
    ask(containers),
    hosts.map(({ container }) => container),
  );
  for (const { container, rootfs, quota, superblock, trim } of hosts) {
    const thin = askThinRootfs(container, docker);
    if (thin !== undefined && rootfs !== undefined) answers.set(thin, rootfs);
    const device = container.graph?.['DeviceName'];
    if (device !== undefined && trim !== undefined) answers.set(ask(trimState, device), trim);
    const overlay = askOverlayQuota(container, docker);
    if (overlay !== undefined && quota !== undefined) answers.set(overlay, quota);
    const pool = mapper.devices[docker.driverStatus['Pool Name'] ?? ''];
    if (pool !== undefined)
      answers.set(
        ask(thinSuperblock, `${String(pool.major)}:${String(pool.minor)}`, container.graph?.['DeviceId'] ?? ''),
        superblock,
      );
  }
  return answers;
}

export interface Sizes {
  readonly device?: number;
  readonly fileSystem?: number;
  readonly stored?: number;
  /** What docker inspect says: what the running daemon holds. */
  readonly daemon?: number;
}

/** The same host with its container's device in another state; sizes in bytes. */
export function sized(host: RecordedHost, { device, fileSystem, stored, daemon }: Sizes): RecordedHost {
  const { container, rootfs, mapper } = host;
  if (rootfs === undefined) throw new Error('not on devicemapper');
  const name = container.graph?.['DeviceName'] ?? '';
  const active = mapper.devices[name];
  const table =
    active?.table.map((line) => ({ ...line, length: device === undefined ? line.length : device / 512 })) ?? [];
  const text =
    stored === undefined ? rootfs.stored.text : rootfs.stored.text.replace(/"size":\d+/, `"size":${String(stored)}`);
  const kind = rootfs.fileSystem?.kind ?? 'xfs';
  return {
    ...host,
    container:
      daemon === undefined ? container : { ...container, graph: { ...container.graph, DeviceSize: String(daemon) } },
    mapper: active === undefined ? mapper : { devices: { ...mapper.devices, [name]: { ...active, table } } },
    rootfs: {
      ...rootfs,
      deviceBytes: active === undefined ? undefined : (device ?? rootfs.deviceBytes),
      fileSystem: fileSystem === undefined ? rootfs.fileSystem : { kind, bytes: fileSystem },
      stored: { ...rootfs.stored, text, bytes: stored ?? rootfs.stored.bytes },
    },
    superblock:
      fileSystem === undefined || host.superblock === null
        ? host.superblock
        : { ...host.superblock, bytes: fileSystem, blocks: fileSystem / host.superblock.blockSize },
  };
}

/** The container's device, or the pool, as somebody else has left it. */
export function withDevice(
  host: RecordedHost,
  which: 'container' | 'pool',
  change: (device: MappedDevice) => Partial<MappedDevice>,
): RecordedHost {
  const name =
    which === 'container'
      ? (host.container.graph?.['DeviceName'] ?? '')
      : (host.docker.driverStatus['Pool Name'] ?? '');
  const device = host.mapper.devices[name];
  if (device === undefined) throw new Error(`there is no device ${name}`);
  return { ...host, mapper: { devices: { ...host.mapper.devices, [name]: { ...device, ...change(device) } } } };
}

/** Its device has so many bytes of the pool. */
export function mappedTo(host: RecordedHost, bytes: number): RecordedHost {
  const sectors = String(bytes / 512);
  return withDevice(host, 'container', ({ status }) => ({
    status: status.map((text) => text.replace(/thin \d+/, `thin ${sectors}`)),
  }));
}

export function withoutDevice(host: RecordedHost): RecordedHost {
  const name = host.container.graph?.['DeviceName'] ?? '';
  const rest = Object.fromEntries(Object.entries(host.mapper.devices).filter(([key]) => key !== name));
  const { rootfs } = host;
  return {
    ...host,
    mapper: { devices: rest },
    rootfs:
      rootfs === undefined ? undefined : { ...rootfs, deviceBytes: undefined, fileSystem: undefined, usage: undefined },
  };
}

export function withState(
  host: RecordedHost,
  status: 'running' | 'paused' | 'exited' | 'created' | 'dead' | 'restarting',
  error = '',
): RecordedHost {
  const running = status === 'running' || status === 'paused' || status === 'restarting';
  const state = {
    ...host.container.state,
    status,
    running,
    paused: status === 'paused',
    restarting: status === 'restarting',
    pid: running ? host.container.state.pid : 0,
    error,
  };
  return { ...host, container: { ...host.container, state } };
}

export function withDocker(host: RecordedHost, change: Partial<Docker>): RecordedHost {
  return { ...host, docker: { ...host.docker, ...change } };
}

export const line = parseTableLine;
