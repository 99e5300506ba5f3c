import type { Container } from '../facts/containers/containers.ts';
import type { DeviceMapper } from '../facts/host/device-mapper.ts';
import { deviceNamed, parsePoolStatus, parsePoolTable } from '../facts/host/device-mapper.ts';
import type { Docker } from '../facts/daemon/docker.ts';
import type { PoolBacking } from '../facts/pools/pool-backing.ts';
import type { ContainerSurvey, PoolSurvey } from './host-survey.ts';
import { loopFilesOf, poolName } from './needs.ts';

const metadataBlockBytes = 4096;

/** The daemon's thin pool; null when it is not active. */
export function surveyPool(
  docker: Docker,
  mapper: DeviceMapper,
  backing: PoolBacking | undefined,
  containers: readonly ContainerSurvey[],
): PoolSurvey | null {
  const device = deviceNamed(mapper, poolName(docker));
  const [table, status] = [device?.table[0], device?.status[0]];
  if (device === undefined || table === undefined || status === undefined) return null;
  const blockBytes = parsePoolTable(table).blockSectors * 512;
  const works = parsePoolStatus(status);
  const data = 'dataUsed' in works ? { used: works.dataUsed * blockBytes, size: works.dataTotal * blockBytes } : null;
  const virtualBytes = containers.reduce((sum, { rootfs }) => sum + promised(rootfs), 0);
  const logical = backing?.logical;
  return {
    name: device.name,
    kind: loopFilesOf(docker).data !== undefined ? 'loop' : logical === undefined ? 'device' : 'lvm',
    state: device.suspended ? 'suspended' : works.mode,
    needsCheck: 'needsCheck' in works && works.needsCheck,
    data,
    metadata:
      'metadataUsed' in works
        ? { used: works.metadataUsed * metadataBlockBytes, size: works.metadataTotal * metadataBlockBytes }
        : null,
    virtualBytes,
    overcommit: data === null || data.size === 0 ? null : virtualBytes / data.size,
    autoextend: logical === undefined ? null : autoextendOf(logical),
    volumeGroup: logical === undefined ? null : { name: logical.group, free: logical.freeBytes },
    loopFiles: (backing?.loopFiles ?? []).map(({ path, bytes, allocatedBytes }) => ({
      path,
      bytes,
      allocated: allocatedBytes,
    })),
  };
}

/** What a container may fill: the larger of what is active now and what will be activated next. Images are never written again. */
function promised({ live, stored }: ContainerSurvey['rootfs']): number {
  return Math.max(live ?? 0, stored ?? 0);
}

function autoextendOf({ monitored, autoextend }: NonNullable<PoolBacking['logical']>): PoolSurvey['autoextend'] {
  if (autoextend === undefined) return null;
  return monitored && autoextend.threshold < 100 ? autoextend : 'off';
}

/** Bytes of a container's active device. */
export function liveBytes(mapper: DeviceMapper | undefined, container: Container): number | null {
  const device = mapper === undefined ? undefined : deviceNamed(mapper, container.graph?.['DeviceName'] ?? '');
  const [line, ...more] = device?.table ?? [];
  return line?.target === 'thin' && more.length === 0 ? line.length * 512 : null;
}
