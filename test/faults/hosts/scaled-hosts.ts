import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';

export const scaledHost = (more: Partial<HostSpec> = {}): HostSpec => ({
  name: 'scaled',
  kind: 'overlay2-pquota',
  containers: [{ name: 'app', restart: 'always' }],
  ...more,
});

export const volumesOf = async ({ directory }: FleetHost): Promise<readonly string[]> =>
  (await readdir(join(directory, 'root/var/lib/docker/volumes')).catch(() => [])).filter(
    (name) => name !== 'metadata.db',
  );
