import type { Container } from '../../facts/containers/containers.ts';
import type { DeviceMapper, MappedDevice, ThinTarget } from '../../facts/host/device-mapper.ts';
import { deviceMapper, deviceNamed, deviceNumbered, parseThin, tableText } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { ThinRootfs } from '../../facts/rootfs/thin-rootfs.ts';
import { thinRootfs } from '../../facts/rootfs/thin-rootfs.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, together, whereAskable } from '../engine/reading.ts';
import type { Pool } from './pool.ts';
import { judgePool } from './pool.ts';
import { byHand } from '../../values/shell.ts';

export const sectorBytes = 512;

/** Docker's name of a device is `docker-MAJ:MIN-INODE-<hash>`; the hash names its record. */
export function recordPath(docker: Docker, device: string): string {
  return `${docker.root}/devicemapper/metadata/${device.slice(device.lastIndexOf('-') + 1)}`;
}

export function deviceName(container: Container): string | undefined {
  return container.graph?.['DeviceName'];
}

/** The size that the running daemon will activate the device with: it read it at its start. NaN where docker inspect does not say. */
export function daemonBytesOf(container: Container): number {
  return Number(container.graph?.['DeviceSize'] ?? Number.NaN);
}

/** What lies on the container's device, and what Docker has stored of it. */
export function askThinRootfs(container: Container, docker: Docker): FactRequest<ThinRootfs> | undefined {
  const name = deviceName(container);
  return name === undefined
    ? undefined
    : ask(thinRootfs, name, recordPath(docker, name), String(container.state.running ? container.state.pid : 0));
}

/** What the kernel and the disk say of a container on devicemapper. */
export interface OnThin {
  readonly container: Container;
  readonly mapper: DeviceMapper;
  /** Undefined where docker inspect does not name its device. */
  readonly rootfs: ThinRootfs | undefined;
}

export function* readThins(selected: readonly Container[], docker: Docker): Reading<readonly OnThin[]> {
  const [[mapper], rootfs] = yield* beside(
    together(ask(deviceMapper)),
    whereAskable(selected.map((container) => askThinRootfs(container, docker))),
  );
  return selected.map((container, index) => ({ container, mapper, rootfs: rootfs[index] }));
}

/** Everything about one container on devicemapper, checked to be consistent. */
export interface ThinContainer {
  readonly container: Container;
  readonly name: string;
  readonly deviceId: number;
  /** The pool as tables name it: `major:minor`. */
  readonly poolDevice: string;
  readonly pool: Pool;
  readonly rootfs: ThinRootfs;
  readonly daemonBytes: number;
  /** Absent while the device is not active (a stopped container). */
  readonly active: { readonly device: MappedDevice; readonly thin: ThinTarget; readonly bytes: number } | undefined;
}

/**
 * Docker, the kernel and Docker's record must tell one story about the device; anything else is
 * refused, because `dmsetup load` itself accepts another container's id without a word.
 */
export function judgeThin(
  container: Container,
  docker: Docker,
  mapper: DeviceMapper,
  rootfs: ThinRootfs,
): ThinContainer | Refusal {
  const unclear = (reason: string, remedy: string): Refusal => refuse(`${container.name}: ${reason}`, remedy);
  const name = deviceName(container) ?? '';
  const deviceId = Number(container.graph?.['DeviceId'] ?? Number.NaN);
  const daemonBytes = daemonBytesOf(container);
  if (name === '' || !Number.isInteger(deviceId) || !Number.isInteger(daemonBytes))
    return unclear('docker inspect does not name its device', 'is this container on another storage driver?');
  if (rootfs.stored.deviceId !== deviceId) {
    return unclear(
      `Docker's record says thin device ${String(rootfs.stored.deviceId)}, docker inspect says ${String(deviceId)}`,
      `look at ${rootfs.stored.path} before anything else`,
    );
  }
  const poolName = docker.driverStatus['Pool Name'] ?? '';
  const poolMapping = deviceNamed(mapper, poolName);
  if (poolMapping === undefined)
    return unclear(
      `the daemon's thin pool "${poolName}" is not active`,
      'start the daemon, or activate the pool, first',
    );
  const poolDevice = `${String(poolMapping.major)}:${String(poolMapping.minor)}`;
  const judged = judgePool(poolMapping, docker);
  if (isRefused(judged)) return judged;
  const base = { container, name, deviceId, poolDevice, pool: judged.pool, rootfs, daemonBytes };
  const device = deviceNamed(mapper, name);
  if (device === undefined) return { ...base, active: undefined };

  const [line, ...more] = device.table;
  if (line?.target !== 'thin' || line.start !== 0 || more.length > 0)
    return unclear(
      `the table of its device is not one thin target: ${device.table.map(tableText).join(' / ')}`,
      `look at it: ${byHand('dmsetup', 'table', name)}`,
    );
  const thin = parseThin(line);
  if (thin.deviceId !== deviceId)
    return unclear(
      `its device shows thin device ${String(thin.deviceId)}, not its own (${String(deviceId)})`,
      'somebody has loaded a wrong table: stop the container before it writes more, and restore the table',
    );
  if (thin.poolDevice !== poolDevice)
    return unclear(
      `its device lies in pool ${thin.poolDevice} (${deviceNumbered(mapper, thin.poolDevice)?.name ?? 'unknown'}), not in the daemon's pool ${poolName} (${poolDevice})`,
      'is more than one Docker daemon running there?',
    );
  if (device.suspended)
    return unclear(
      'its device is suspended, so everything that writes to it hangs',
      `let it go on first: ${byHand('dmsetup', 'resume', name)}`,
    );
  if (device.deferredRemove)
    return unclear(
      'its device is about to be removed (DEFERRED REMOVE)',
      'start the container again, then run the same again',
    );
  const bytes = line.length * sectorBytes;
  if (rootfs.deviceBytes !== bytes)
    return unclear(
      `its device is ${String(rootfs.deviceBytes)} bytes, its table says ${String(bytes)}`,
      `look at it: ${byHand('dmsetup', 'table', name)}`,
    );
  return { ...base, active: { device, thin, bytes } };
}

/** The same of a container that is to grow, or to be put right: the pool has room for it. */
export function judgeThinWithRoom(...args: Parameters<typeof judgeThin>): ReturnType<typeof judgeThin> {
  const judged = judgeThin(...args);
  return isRefused(judged) ? judged : (judged.pool.short ?? judged);
}

/** The table of this container's thin device at another size. */
export function thinTable(
  thin: { readonly poolDevice: string; readonly deviceId: number; readonly origin?: string },
  bytes: number,
): string {
  const origin = thin.origin === undefined ? [] : [thin.origin];
  return ['0', String(bytes / sectorBytes), 'thin', thin.poolDevice, String(thin.deviceId), ...origin].join(' ');
}

export function overcommitWarning(name: string, growth: number, pool: Pool): readonly string[] {
  if (growth <= pool.freeBytes) return [];
  return [
    `${name}: the pool has ${formatBytes(pool.freeBytes)} free, less than the ${formatBytes(growth)} that are promised now: thin provisioning overcommits, and XFS hangs when the pool is full`,
  ];
}
