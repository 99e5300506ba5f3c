import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import type { ProjectQuota } from '../host/project-quota.ts';
import { parseProjectQuota } from '../host/project-quota.ts';
import { shell } from '../../shell/shell.ts';

/** The project quota on one overlay2 layer directory. Project 0: the container was created without a size. */
export type OverlayQuota = ProjectQuota;

/** Arguments: the layer's directory, and the container's root directory of Docker. */
export const overlayQuota: Fact<OverlayQuota> = {
  name: 'overlay-quota',
  script: shell('facts/rootfs/overlay-quota.sh'),
  parse({ stdout }, [layer = '']) {
    const quota = parseProjectQuota(stdout, layer);
    if (quota === undefined)
      throw new AppError('refused', `the container's layer directory ${oneLine(layer)} does not exist on the host`, {
        hint: 'does the daemon run on this host, and under this root directory?',
      });
    return quota;
  },
};
