import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import { content, isWhole } from './volume-invariants.ts';

export const scraps = ['scrap-1', 'scrap-2', 'scrap-3'] as const;

/** With volumes that nobody uses, and one of these that is to be kept. */
export const cleanHost: HostSpec = {
  name: 'clean',
  kind: 'overlay2-pquota',
  volumes: [
    { name: 'foo-0', bytes: 20 * 1024 ** 2, files: content },
    ...scraps.map((name) => ({ name, files: content })),
    { name: 'kept', labels: { keep: 'yes' }, files: content },
  ],
  containers: [{ name: 'app', volumes: { 'foo-0': '/data' }, restart: 'always' }],
};

/** What is said of a volume in quarantine; nothing where it is not there. */
export const entryOf = (where: FleetHost, name: string): Promise<string> =>
  readFile(join(where.directory, 'root/var/lib/plimsoll/quarantine', name), 'utf8').catch(() => '');

/** What a container has, and what nobody asked for, is whole at every moment, and is never in quarantine. */
export async function othersAreWhole(where: FleetHost): Promise<readonly string[]> {
  const others = ['foo-0', 'kept'];
  const entries = await Promise.all(others.map((name) => entryOf(where, name)));
  return [
    ...(await Promise.all(others.map((name) => isWhole(where, name)))).flat(),
    ...entries.flatMap((text, index) => (text === '' ? [] : [`${String(others[index])} is in quarantine: ${text}`])),
  ];
}
