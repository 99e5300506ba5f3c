import { roundUp } from '../values/size.ts';
import type { Figure, Remedy } from './figure.ts';
import type { HostSurvey } from './host-survey.ts';

type What = Pick<Figure, 'kind' | 'name' | 'size' | 'restartUndoes'>;

const mib = 1024 ** 2;
const gib = 1024 ** 3;

/** Null where plimsoll has no lever: a disk that is full, or a thing that nothing but the disk limits. */
export function remedyOf(survey: HostSurvey, { kind, name, size, restartUndoes }: What): Remedy | null {
  switch (kind) {
    case 'container':
      if (restartUndoes === true)
        return { operation: 'repair_rootfs', playbook: 'playbooks/repair-rootfs.yaml', vars: { container: name } };
      return canGrow(survey, name) && size !== null
        ? {
            operation: 'grow_rootfs',
            playbook: 'playbooks/grow-rootfs.yaml',
            vars: { container: name, target: larger(size) },
          }
        : null;
    case 'volume':
      return size !== null && isScalable(survey, name)
        ? {
            operation: 'scale_volume',
            playbook: 'playbooks/scale-volume.yaml',
            vars: { volume: name, target: larger(size) },
          }
        : null;
    case 'pool data':
    case 'pool metadata':
      return growPool(survey, kind);
    case 'file system':
      return null;
  }
}

/** The playbook wants both sizes: the one that is not meant stays what it is. */
function growPool({ pool }: HostSurvey, kind: 'pool data' | 'pool metadata'): Remedy | null {
  if (pool === null || pool.kind === 'device' || pool.data === null || pool.metadata === null) return null;
  const [data, metadata] =
    kind === 'pool data'
      ? [larger(pool.data.size), exactly(pool.metadata.size)]
      : [exactly(pool.data.size), larger(pool.metadata.size)];
  return { operation: 'grow_pool', playbook: 'playbooks/grow-pool.yaml', vars: { data, metadata } };
}

function exactly(bytes: number): string {
  const [unit, name] = bytes % gib === 0 ? [gib, 'GiB'] : bytes % mib === 0 ? [mib, 'MiB'] : [1024, 'KiB'];
  return `${String(bytes / unit)}${name}`;
}

/** What does not run cannot be grown. */
function canGrow({ containers }: HostSurvey, name: string): boolean {
  return containers.some(
    (container) => container.name === name && container.state === 'running' && container.rootfs.limitedBy !== null,
  );
}

/** A quota of the local driver: what is mounted there itself has its size from elsewhere. */
function isScalable({ volumes }: HostSurvey, name: string): boolean {
  return volumes.some((volume) => volume.name === name && volume.driver === 'local' && volume.mounted === null);
}

/** Half as much again, in whole units. */
function larger(size: number): string {
  const bytes = size * 1.5;
  return bytes >= 4 * gib ? `${String(roundUp(bytes, gib) / gib)}GiB` : `${String(roundUp(bytes, mib) / mib)}MiB`;
}

/** The command that applies it to one host, as an argument vector. */
export function remedyCommand(
  { playbook, vars }: Remedy,
  host: string,
  inventory: readonly string[],
): readonly string[] {
  const inventories = inventory.flatMap((file) => ['-i', file]);
  return [
    'plimsoll',
    'apply',
    playbook,
    ...inventories,
    '-l',
    host,
    ...Object.entries(vars).flatMap(([key, value]) => ['-e', `${key}=${value}`]),
  ];
}
