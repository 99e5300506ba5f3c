import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../lab/sim/fleet.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import type { FaultCase } from './fault-case.ts';

const mib = 1024 ** 2;
const labels = {
  'plimsoll.scaled': 'elk',
  'plimsoll.index': '1',
  'plimsoll.operation': 'scaled_volume',
  'plimsoll.volume': 'elk-1',
};
const host = (more: Partial<HostSpec> = {}): HostSpec => ({
  name: 'scaled',
  kind: 'overlay2-pquota',
  containers: [{ name: 'app', restart: 'always' }],
  ...more,
});

const volumesOf = async ({ directory }: FleetHost): Promise<readonly string[]> =>
  (await readdir(join(directory, 'root/var/lib/docker/volumes')).catch(() => [])).filter(
    (name) => name !== 'metadata.db',
  );

/** Whatever is cut, the host never has a second instance. */
const oneAtMost = async (where: FleetHost): Promise<readonly string[]> => {
  const names = await volumesOf(where);
  return names.every((name) => name === 'elk-1') ? [] : [`the host has ${names.join(', ')}`];
};

const isEnforced = async (where: FleetHost): Promise<readonly string[]> => {
  const { stdout } = await where.run(
    'df -B1 --output=size /var/lib/docker/volumes/elk-1/_data | tail -n 1; docker volume inspect --format \'{{index .Labels "plimsoll.scaled"}}\' elk-1',
  );
  return stdout.replaceAll(' ', '') === `${String(20 * mib)}\nelk\n` ? [] : [`elk-1 is shown as ${stdout}`];
};

export const scaledCases: readonly FaultCase[] = [
  {
    operation: 'scaled_volume',
    on: 'a new instance, with its quota in force',
    host: host(),
    reversible: true,
    powerSafe: true,
    steps: () => [{ name: 'Its own volume', scaled_volume: { name: 'elk', scale: 1, size: '20MiB' }, register: 'elk' }],
    invariants: oneAtMost,
    atEnd: isEnforced,
  },
  {
    operation: 'delete_scaled_volume',
    on: 'an instance that holds something',
    host: host({ volumes: [{ name: 'elk-1', bytes: 20 * mib, labels, files: { data: 'data\n' } }] }),
    reversible: false,
    powerSafe: true,
    steps: () => [{ name: 'Remove it', delete_scaled_volume: { name: 'elk', index: 1 } }],
    atEnd: async (where) => ((await volumesOf(where)).length === 0 ? [] : ['elk-1 is still there']),
  },
];
