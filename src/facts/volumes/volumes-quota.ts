import type { Fact } from '../fact.ts';
import type { ProjectQuota } from '../host/project-quota.ts';
import { parseProjectQuota } from '../host/project-quota.ts';
import { shell } from '../../shell/shell.ts';

/** The file system that Docker's volumes lie on, and whether it can give them sizes. Argument: the directory of all volumes. Null when there is none. */
export const volumesQuota: Fact<ProjectQuota | null> = {
  name: 'volumes-quota',
  script: shell('facts/volumes/volumes-quota.sh'),
  parse({ stdout }, [directory = '']) {
    return parseProjectQuota(stdout, directory) ?? null;
  },
};
