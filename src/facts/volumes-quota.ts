import type { Fact } from './fact.ts';
import type { ProjectQuota } from './project-quota.ts';
import { parseProjectQuota, projectQuotaFunction } from './project-quota.ts';

/** The file system that Docker's volumes lie on, and whether it can give them sizes. Argument: the directory of all volumes. Null when there is none. */
export const volumesQuota: Fact<ProjectQuota | null> = {
  name: 'volumes-quota',
  script: `${projectQuotaFunction}
project_quota "$1" "$1"`,
  parse({ stdout }, [directory = '']) {
    return parseProjectQuota(stdout, directory) ?? null;
  },
};
