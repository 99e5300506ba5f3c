import type { Container } from '../../facts/containers.ts';
import type { Docker } from '../../facts/docker.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { formatBytes } from '../../values/size.ts';
import type { Refusal } from './outcome.ts';
import { askThinRootfs } from './thin.ts';

/** What lies on the devices of running containers that are to be stopped, and started again by a daemon that has restarted. */
export function askOutgrown(containers: readonly Container[], docker: Docker): readonly FactRequest[] {
  return requests(containers, docker).map(({ request }) => request);
}

/**
 * Somebody has grown a container by hand, and Docker's record of its device does not say so: it runs until it is
 * stopped, and then does not start, because its file system is larger than the device that Docker activates.
 */
export function judgeOutgrown(containers: readonly Container[], docker: Docker, known: Known): Refusal | undefined {
  for (const { container: { name }, request } of requests(containers, docker)) {
    const { fileSystem, stored } = known.the(request);
    if (fileSystem === undefined || fileSystem.bytes <= stored.bytes) continue;
    return {
      reason: `${name} would not start again once it is stopped: its file system has ${formatBytes(fileSystem.bytes)}, and Docker has stored ${formatBytes(stored.bytes)} of its device`,
      remedy: `put that right first, while it runs: grow_rootfs with size: ${String(fileSystem.bytes)} and restart_daemon: true, which stores the size`,
    };
  }
  return undefined;
}

function requests(containers: readonly Container[], docker: Docker) {
  return containers.filter(({ state }) => state.running).flatMap((container) => {
    const request = askThinRootfs(container, docker);
    return request === undefined ? [] : [{ container, request }];
  });
}
