import type { Container } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { OverlayQuota } from '../../facts/rootfs/overlay-quota.ts';
import { overlayQuota } from '../../facts/rootfs/overlay-quota.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes, roundUp } from '../../values/size.ts';
import type { Action } from '../engine/change.ts';
import type { ContainerPlan } from '../engine/outcome.ts';

/** XFS keeps quota limits in its own blocks. */
const blockBytes = 4096;

/** `…/overlay2/<layer>/diff` → `…/overlay2/<layer>`: Docker puts the project on the whole layer directory. */
export function layerDirectory(container: Container): string | undefined {
  const upper = container.graph?.['UpperDir'];
  return upper?.endsWith('/diff') === true ? upper.slice(0, -'/diff'.length) : undefined;
}

export function askOverlayQuota(container: Container, docker: Docker): FactRequest<OverlayQuota> | undefined {
  const layer = layerDirectory(container);
  return layer === undefined ? undefined : ask(overlayQuota, layer, docker.root);
}

/**
 * Raises the project quota on a container's layer: at once, and lasting, because Docker sets it when
 * it creates the layer and never again (moby daemon/graphdriver/overlay2, quota/projectquota.go).
 */
export function growOverlay(container: Container, quota: OverlayQuota, wanted: number): ContainerPlan {
  const volumes = 'or put the data that grows on a volume';
  if (quota.fileSystem !== 'xfs') {
    return refuse(
      `${container.name}: overlay2 lies on ${quota.fileSystem}, where a container has no size of its own: it shares the ${formatBytes(quota.freeBytes)} that are free on ${quota.mountPoint}`,
      `make room on ${quota.mountPoint}, ${volumes}`,
    );
  }
  if (!quota.options.some((option) => option === 'prjquota' || option === 'pquota')) {
    return refuse(
      `${container.name}: ${quota.mountPoint} is XFS mounted without project quotas, so a container has no size of its own`,
      `project quotas can only be switched on when it is mounted anew (mount option prjquota; for the root file system the kernel option rootflags=pquota), ${volumes}`,
    );
  }
  if (!quota.quotaTool)
    return refuse(`${container.name}: xfs_quota and xfs_io are not installed`, 'install xfsprogs on the host');
  const layer = layerDirectory(container) ?? '';
  if (quota.project === 0 || quota.limitBytes === 0) {
    return refuse(
      `${container.name} was created without a size, so nothing limits it but the ${formatBytes(quota.freeBytes)} that are free on ${quota.mountPoint}`,
      'there is nothing to grow; to limit it, recreate it with --storage-opt size=…',
    );
  }
  const bytes = roundUp(wanted, blockBytes);
  if (bytes < quota.limitBytes) {
    return refuse(
      `${container.name} is ${formatBytes(quota.limitBytes)} now, larger than the ${formatBytes(bytes)} wanted`,
      `ask for ${formatBytes(quota.limitBytes)} or more`,
    );
  }
  if (bytes === quota.limitBytes) return { changes: [], warnings: [], owed: [] };
  const limit = (size: number): Action => ({
    kind: 'exec',
    argv: [
      'xfs_quota',
      '-x',
      '-c',
      `limit -p bsoft=${String(size / 1024)}k bhard=${String(size / 1024)}k ${String(quota.project)}`,
      quota.mountPoint,
    ],
    // df, inside and outside the container, shows the soft limit as the size of a directory with a project.
    check: { argv: ['df', '-B1', '--output=size', layer], equals: `1B-blocks ${String(size)}` },
  });
  const growth = bytes - quota.limitBytes;
  const overcommit =
    growth > quota.freeBytes
      ? [
          `${container.name}: ${quota.mountPoint} has ${formatBytes(quota.freeBytes)} free, less than the ${formatBytes(growth)} that are promised now: a quota is a limit, not a reservation`,
        ]
      : [];
  const stale = `${container.name}: docker inspect goes on showing the old size (${container.storageOpt?.['size'] ?? 'none'}): give --storage-opt size=${String(bytes)} when you recreate it`;
  return {
    changes: [
      {
        summary: `${container.name}: ${formatBytes(quota.limitBytes)} → ${formatBytes(bytes)} (project quota)`,
        subject: `container:${container.id}`,
        before: {
          container: container.id,
          startedAt: container.state.startedAt,
          project: quota.project,
          limitBytes: quota.limitBytes,
        },
        after: {
          container: container.id,
          startedAt: container.state.startedAt,
          project: quota.project,
          limitBytes: bytes,
        },
        actions: [limit(bytes)],
        undo: [limit(quota.limitBytes)],
        atomic: true,
        bindings: {
          layer,
          container: container.id,
          started: container.state.startedAt,
          project: `k ${String(quota.project)}`,
        },
      },
    ],
    warnings: [...overcommit, stale],
    owed: [],
  };
}
