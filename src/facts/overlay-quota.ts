import { AppError } from '../errors.ts';
import { oneLine } from '../values/terminal.ts';
import type { Fact } from './fact.ts';
import type { ProjectQuota } from './project-quota.ts';
import { parseProjectQuota, projectQuotaFunction } from './project-quota.ts';

/** The project quota on one overlay2 layer directory. Project 0: the container was created without a size. */
export type OverlayQuota = ProjectQuota;

/**
 * Arguments: the layer's directory (the parent of inspect's UpperDir), and the container's root
 * directory of Docker, whose own directory has no quota and so tells what is free on the file system.
 */
export const overlayQuota: Fact<OverlayQuota> = {
  name: 'overlay-quota',
  script: `${projectQuotaFunction}
project_quota "$1" "$2"`,
  parse({ stdout }, [layer = '']) {
    const quota = parseProjectQuota(stdout, layer);
    if (quota === undefined) throw new AppError('refused', `the container's layer directory ${oneLine(layer)} does not exist on the host`, { hint: 'does the daemon run on this host, and under this root directory?' });
    return quota;
  },
};
