import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import type { ThinRootfs } from '../../facts/rootfs/thin-rootfs.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { byHand } from '../../values/shell.ts';
import { formatBytes } from '../../values/size.ts';
import type { Reading } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';
import { liveRestoreHint } from '../restart/restart.ts';
import { askThinRootfs, daemonBytesOf, deviceName } from './thin.ts';

/**
 * Which daemon starts a container again that is stopped. The one that runs activates its device with the size that it
 * has read when it started; one that has been restarted meanwhile, with the size that is stored.
 */
export type StartedBy = 'running daemon' | 'restarted daemon' | 'either';

/** What has been read of containers that are to be stopped: `rootfs` by their ids, of those on devices. */
export interface Outgrown {
  readonly containers: readonly Container[];
  readonly docker: Docker | undefined;
  readonly rootfs: ReadonlyMap<string, () => ThinRootfs>;
}

/**
 * In flights, and of each device only where there are devices. `ids`: only of those that would really be stopped, since
 * a host may have hundreds. `docker` where that has been read already: of a host without devices nothing else is asked.
 */
export function* readOutgrown(ids: readonly string[], docker?: Docker): Reading<Outgrown> {
  const nothing = { containers: [], docker, rootfs: new Map<string, () => ThinRootfs>() };
  // Of a host without Docker nothing is looked up where nobody is stopped.
  if (ids.length === 0 || hasNoDevices(docker)) return nothing;
  const [all] = yield* together(ask(containers));
  const thin = onDevices(ids, all);
  if (thin.length === 0) return { ...nothing, containers: all };
  const info = docker ?? (yield* together(ask(dockerInfo)))[0];
  if (hasNoDevices(info)) return { ...nothing, containers: all, docker: info };
  const asked = thin.flatMap((container) => {
    const request = askThinRootfs(container, info);
    return request === undefined ? [] : [{ id: container.id, request }];
  });
  const known = yield asked.map(({ request }) => request);
  // One that cannot be read is an error only where the container would really be stopped.
  const rootfs = new Map(asked.map(({ id, request }) => [id, () => known.the(request)]));
  return { containers: all, docker: info, rootfs };
}

/** For `touches`: an earlier step that changes one of these decides whether the containers may be stopped. */
export function stoppedReads(
  ids: readonly string[],
  { containers: all, docker }: Pick<Outgrown, 'containers' | 'docker'>,
): readonly string[] {
  const devices = hasNoDevices(docker) ? [] : onDevices(ids, all).flatMap((container) => deviceName(container) ?? []);
  return [...ids.map((id) => `container:${id}`), ...devices.map((name) => `device:${name}`)];
}

/**
 * Somebody has grown a container by hand, and Docker's record of its device, or the running daemon, does not say so: it
 * runs until it is stopped, and then does not start, because its file system is larger than the device that Docker activates.
 */
export function judgeStopped(
  ids: readonly string[],
  { containers: all, docker, rootfs }: Outgrown,
  startedBy: StartedBy,
): Refusal | undefined {
  if (docker === undefined || hasNoDevices(docker)) return undefined;
  for (const container of onDevices(ids, all)) {
    const read = rootfs.get(container.id);
    const refusal =
      read === undefined
        ? unknown(container, 'docker inspect does not name its device')
        : judge(container, read(), docker, startedBy);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function hasNoDevices(docker: Docker | undefined): boolean {
  return docker !== undefined && docker.driver !== 'devicemapper';
}

function onDevices(ids: readonly string[], all: readonly Container[]): readonly Container[] {
  return all.filter(
    (container) =>
      ids.includes(container.id) &&
      container.state.running &&
      (container.driver === 'devicemapper' || deviceName(container) !== undefined),
  );
}

function judge(
  container: Container,
  { fileSystem, stored }: ThinRootfs,
  docker: Docker,
  startedBy: StartedBy,
): Refusal | undefined {
  const { name } = container;
  const held = daemonBytesOf(container);
  if (fileSystem === undefined)
    return unknown(
      container,
      `what lies on its device ${deviceName(container) ?? ''} is neither xfs nor ext2, ext3 or ext4, or cannot be read`,
    );
  if (!Number.isInteger(held)) return unknown(container, 'docker inspect does not say how large its device is');
  const { bytes } = fileSystem;
  const needsDaemon = startedBy !== 'restarted daemon';
  const counted = [...(needsDaemon ? [held] : []), ...(startedBy === 'running daemon' ? [] : [stored.bytes])];
  if (counted.every((size) => bytes <= size)) return undefined;
  const has =
    bytes > stored.bytes
      ? `Docker has stored ${formatBytes(stored.bytes)} of its device`
      : `the running Docker daemon holds ${formatBytes(held)} of its device: the ${formatBytes(stored.bytes)} that are stored it reads when it starts next`;
  return refuse(
    `${name} would not start again once it is stopped: its file system has ${formatBytes(bytes)}, and ${has}`,
    `put that right first, while it runs: repair_rootfs with container: ${name}${needsDaemon ? ' and restart_daemon: true' : ''}${needsDaemon && !docker.liveRestore ? `; live-restore is off, so that a restart of the daemon would stop it: before, ${liveRestoreHint}` : ''}`,
  );
}

function unknown(container: Container, why: string): Refusal {
  const { name } = container;
  const device = deviceName(container);
  return refuse(
    `whether ${name} would start again once it is stopped is not known: ${why}`,
    `look at it (${device === undefined ? byHand('docker', 'inspect', name) : byHand('blkid', '-p', `/dev/mapper/${device}`)}); or stop it yourself first`,
  );
}
