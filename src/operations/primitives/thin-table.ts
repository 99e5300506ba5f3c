import type { DeviceMapper, MappedDevice, TableLine } from '../../facts/host/device-mapper.ts';
import {
  deviceNumbered,
  parsePoolStatus,
  parsePoolTable,
  parseThin,
  tableText,
} from '../../facts/host/device-mapper.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import { byHand } from '../../values/shell.ts';

export function sectorsText(sectors: number): string {
  return `${String(sectors)} sectors (${formatBytes(sectors * 512)})`;
}

/** The one thin line of a device's live table, or why a table must not be loaded over it. */
export function liveThin(device: MappedDevice): { readonly line: TableLine } | Refusal {
  const [line, ...more] = device.table;
  if (line === undefined)
    return refuse(
      `${device.name} has no live table`,
      'find out who created it: dmsetup info, dmsetup table --inactive',
    );
  if (more.length > 0 || line.target !== 'thin')
    return refuse(
      `${device.name} is not one thin device: ${device.table.map(tableText).join('; ')}`,
      "only a container's thin device is resized like this; leave pools to grow_pool and LVM volumes to lvextend",
    );
  if (device.deferredRemove)
    return refuse(
      `${device.name} is about to be removed (DEFERRED REMOVE)`,
      'wait until it is gone, then start the container again',
    );
  return { line };
}

/**
 * Why `next` must not become the live table in the place of `live`. The kernel accepts both a
 * smaller table and another device's id with exit status 0, and either destroys data.
 */
export function unsafeTable(name: string, live: TableLine, next: TableLine): Refusal | undefined {
  const keep = (what: string, now: string, then: string): Refusal =>
    refuse(
      `the new table has ${what} ${then}, the live one ${now}: ${name} would sit on something else`,
      `keep everything but the length: ${tableText({ ...live, length: next.length })}`,
    );
  if (next.target !== 'thin') return keep('the target', live.target, next.target);
  const now = parseThin(live);
  const then = parseThin(next);
  if (then.poolDevice !== now.poolDevice) return keep('the pool', now.poolDevice, then.poolDevice);
  if (then.deviceId !== now.deviceId) return keep('the device id', String(now.deviceId), String(then.deviceId));
  if (then.origin !== now.origin) return keep('the origin', now.origin ?? 'none', then.origin ?? 'none');
  if (next.start !== live.start) return keep('the start', String(live.start), String(next.start));
  if (next.length < live.length) {
    return refuse(
      `${sectorsText(next.length)} is less than now, ${sectorsText(live.length)}: what lies beyond would be cut off and the file system destroyed`,
      'a thin device only grows; to have a smaller one, recreate the container',
    );
  }
  return undefined;
}

/** What is wrong with the pool under a thin line, or what growing by so many sectors overcommits. */
export function poolState(
  mapper: DeviceMapper,
  live: TableLine,
  growth: number,
): Refusal | { readonly warning?: string } {
  const { poolDevice } = parseThin(live);
  const pool = deviceNumbered(mapper, poolDevice);
  const [line] = pool?.table ?? [];
  const [text] = pool?.status ?? [];
  if (pool === undefined || line === undefined || text === undefined)
    return refuse(`the pool ${poolDevice} is not there`, 'look at dmsetup table: the device lies on something else');
  const status = parsePoolStatus(text);
  if (status.mode !== 'rw' || status.needsCheck) {
    return refuse(
      `the pool ${pool.name} is ${status.mode === 'rw' ? 'flagged needs_check' : status.mode}`,
      'bring the pool back to order first: grow it when it is full, thin_check and thin_repair when it has failed',
    );
  }
  if (pool.suspended) return refuse(`the pool ${pool.name} is suspended`, byHand('dmsetup', 'resume', pool.name));
  const free = (status.dataTotal - status.dataUsed) * parsePoolTable(line).blockSectors;
  return free < growth
    ? {
        warning: `the pool ${pool.name} has ${formatBytes(free * 512)} free, less than the growth of ${formatBytes(growth * 512)}: it will be overcommitted, and a full pool makes every container hang`,
      }
    : {};
}
