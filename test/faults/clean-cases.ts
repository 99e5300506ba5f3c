import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../lab/sim/fleet.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import type { FaultCase } from './fault-case.ts';
import { content, isWhole, runsAtEnd } from './volume-invariants.ts';

const scraps = ['scrap-1', 'scrap-2', 'scrap-3'] as const;

const host: HostSpec = {
  name: 'clean',
  kind: 'overlay2-pquota',
  volumes: [
    { name: 'foo-0', bytes: 20 * 1024 ** 2, files: content },
    ...scraps.map((name) => ({ name, files: content })),
    { name: 'kept', labels: { keep: 'yes' }, files: content },
  ],
  containers: [{ name: 'app', volumes: { 'foo-0': '/data' }, restart: 'always' }],
};

const clean = (more: object): readonly object[] => [
  { name: 'Clean up', clean_volumes: { named: true, not_label: 'keep', ...more } },
];

const entryOf = (where: FleetHost, name: string): Promise<string> =>
  readFile(join(where.directory, 'root/var/lib/plimsoll/quarantine', name), 'utf8').catch(() => '');

/** What a container has, and what nobody asked for, is whole at every moment, and is never in quarantine. */
async function othersAreWhole(where: FleetHost): Promise<readonly string[]> {
  const others = ['foo-0', 'kept'];
  const entries = await Promise.all(others.map((name) => entryOf(where, name)));
  return [
    ...(await Promise.all(others.map((name) => isWhole(where, name)))).flat(),
    ...entries.flatMap((text, index) => (text === '' ? [] : [`${String(others[index])} is in quarantine: ${text}`])),
  ];
}

async function allAreWhole(where: FleetHost): Promise<readonly string[]> {
  return [...(await othersAreWhole(where)), ...(await Promise.all(scraps.map((name) => isWhole(where, name)))).flat()];
}

async function allInQuarantine(where: FleetHost): Promise<readonly string[]> {
  const entries = await Promise.all(scraps.map((name) => entryOf(where, name)));
  return [
    ...(await allAreWhole(where)),
    ...entries.flatMap((text, index) =>
      text.includes('"removing":false}\n')
        ? []
        : [`${String(scraps[index])} is not in quarantine: ${JSON.stringify(text)}`],
    ),
  ];
}

async function allAreGone(where: FleetHost): Promise<readonly string[]> {
  const { stdout } = await where.run('docker volume ls -q');
  return [
    ...(stdout === 'foo-0\nkept\n' ? [] : [`the volumes are ${JSON.stringify(stdout)}`]),
    ...(await othersAreWhole(where)),
    ...(await runsAtEnd(where)),
  ];
}

/** As if they had been put there long ago. */
const longAgo = `at=/var/lib/plimsoll/quarantine; mkdir -p -m 700 $at
for n in ${scraps.join(' ')}; do
  printf '{"name":"%s","is":"%s","since":1000,"until":2000,"removing":false}\\n' "$n" "$(find /var/lib/docker/volumes/$n -maxdepth 0 -printf '%i %C@')" >$at/$n
done`;

const own = ['a1', 'b2', 'c3'].map((pair) => pair.repeat(32));
const [first = '', second = '', shared = ''] = own;
/** With two volumes of its own, one that another container has too, and one with a name. */
const withOwn: HostSpec = {
  ...host,
  volumes: [...(host.volumes ?? []), ...own.map((name) => ({ name, files: content }))],
  containers: [
    { name: 'app', volumes: { 'foo-0': '/data', [shared]: '/shared' }, restart: 'always' },
    {
      name: 'old',
      running: false,
      volumes: { [first]: '/one', [second]: '/two', [shared]: '/shared', 'scrap-1': '/named' },
    },
  ],
};

async function ownAreWhole(where: FleetHost): Promise<readonly string[]> {
  return [
    ...(await othersAreWhole(where)),
    ...(await Promise.all([...own, 'scrap-1'].map((name) => isWhole(where, name)))).flat(),
    ...((await entryOf(where, shared)) + (await entryOf(where, 'scrap-1')) === ''
      ? []
      : ['what is not its own is in quarantine']),
  ];
}

async function ownAreKept(where: FleetHost): Promise<readonly string[]> {
  const { stdout } = await where.run("docker ps -a --format '{{.Names}}'");
  const entries = await Promise.all([first, second].map((name) => entryOf(where, name)));
  return [
    ...(await ownAreWhole(where)),
    ...(stdout === 'app\n' ? [] : [`the containers are ${stdout}`]),
    ...entries.flatMap((text) =>
      text.includes('"removing":false}\n') ? [] : [`a volume of its own is not in quarantine: ${JSON.stringify(text)}`],
    ),
  ];
}

export const cleanCases: readonly FaultCase[] = [
  {
    operation: 'clean_volumes',
    on: 'into quarantine',
    host,
    reversible: true,
    powerSafe: true,
    steps: () => clean({ keep_for: '7d' }),
    invariants: allAreWhole,
    atEnd: allInQuarantine,
  },
  {
    operation: 'clean_volumes',
    on: 'removed when their time has come',
    host,
    reversible: false,
    powerSafe: true,
    arrange: longAgo,
    steps: () => clean({ keep_for: '7d' }),
    invariants: othersAreWhole,
    atEnd: allAreGone,
  },
  {
    operation: 'clean_volumes',
    on: 'removed at once',
    host,
    reversible: false,
    powerSafe: true,
    steps: () => clean({ keep_for: 0 }),
    invariants: othersAreWhole,
    atEnd: allAreGone,
  },
  {
    operation: 'remove_container',
    on: 'its own volumes into quarantine',
    host: withOwn,
    reversible: false,
    powerSafe: true,
    steps: () => [{ name: 'Remove', remove_container: { container: 'old', anonymous_volumes: 'quarantine' } }],
    invariants: ownAreWhole,
    atEnd: ownAreKept,
  },
];
