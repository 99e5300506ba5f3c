import { freePort } from './free-port.ts';
import { openShell } from './sim/client.ts';
import { startFleet } from './sim/fleet.ts';
import type { HostSpec } from './sim/spec.ts';
import { spawnMachine } from './vm/machine.ts';
import type { Kind } from './vm/machine.ts';

const gib = 1024 ** 3;

/** What the run is expected to make of a host. */
export type Intended = 'grown' | 'nothing to do' | 'refused' | 'unreachable';

export interface DemoHost {
  readonly name: string;
  readonly storage: string;
  readonly intended: Intended;
  /** Runs a shell script as root on it; absent where nothing answers. */
  readonly run?: (script: string) => Promise<{ readonly stdout: string }>;
}

export interface DemoFleet {
  readonly hosts: readonly DemoHost[];
  readonly inventoryText: string;
  /** The container's name, and the size it gets. */
  readonly container: string;
  readonly target: string;
  /** Exit status of plan and of apply when everything went as intended. */
  readonly exitCodes: { readonly plan: number; readonly apply: number };
  stop(): Promise<void>;
}

const web = (number: number, more: Partial<HostSpec> = {}): HostSpec => ({
  name: `web-0${String(number)}`,
  kind: 'dm-xfs',
  containers: [{ name: 'app-1', bytes: 10 * gib }],
  ...more,
});

const simulated: readonly (readonly [HostSpec, string, Intended])[] = [
  ...[1, 2, 3, 4, 5, 6].map((number) => [web(number), 'devicemapper, xfs', 'grown'] as const),
  [web(7, { containers: [{ name: 'app-1', bytes: 20 * gib }] }), 'devicemapper, xfs', 'nothing to do'],
  [web(8, { pool: { dataBytes: 100 * gib, usedPercent: 96 } }), 'devicemapper, xfs, pool 96 % full', 'refused'],
  [
    { name: 'db-1', kind: 'dm-ext4', sudo: 'nopasswd', containers: [{ name: 'app-1', bytes: 10 * gib }] },
    'devicemapper, ext4',
    'grown',
  ],
  [
    {
      name: 'db-2',
      kind: 'dm-lvm',
      sudo: { password: 'correct horse' },
      containers: [{ name: 'app-1', bytes: 10 * gib }],
    },
    'devicemapper on LVM, xfs',
    'grown',
  ],
  [{ name: 'cache-1', kind: 'overlay2-plain', containers: [{ name: 'app-1' }] }, 'overlay2 without quotas', 'refused'],
];

/** Twelve hosts in this process; the last one does not answer. */
export async function simulatedFleet(): Promise<DemoFleet> {
  const fleet = await startFleet(simulated.map(([spec]) => spec));
  const closed = await freePort();
  const hosts = fleet.hosts.map((host, index): DemoHost => {
    const [, storage, intended] = simulated[index] ?? [];
    return {
      name: host.name,
      storage: storage ?? '',
      intended: intended ?? 'grown',
      run: async (script) => {
        const shell = await openShell(fleet, host);
        try {
          return await shell.run(script);
        } finally {
          shell.end();
        }
      },
    };
  });
  return {
    hosts: [...hosts, { name: 'old-1', storage: 'unknown', intended: 'unreachable' }],
    inventoryText: `${fleet.inventoryText}  "old-1": {"address":"127.0.0.1","port":${String(closed)},"user":"root"}\n`,
    container: 'app-1',
    target: '20GiB',
    exitCodes: { plan: 4, apply: 4 },
    stop: () => fleet.stop(),
  };
}

const virtual: readonly (readonly [Kind, string])[] = [
  ['dm-xfs', 'devicemapper, xfs'],
  ['dm-ext4', 'devicemapper, ext4'],
  ['dm-lvm', 'devicemapper on LVM, xfs'],
  ['overlay2-28', 'overlay2 on xfs with quotas'],
];

/** Four virtual machines with a real Docker (npm run lab:setup builds them). */
export async function virtualFleet(): Promise<DemoFleet> {
  const machines = await Promise.all(virtual.map(([kind]) => spawnMachine(kind)));
  const lines = machines.map(
    ({ name, address, port, keyFile, knownHosts }) =>
      `  ${name}: ${JSON.stringify({ address, port, user: 'root', identity_file: keyFile, known_hosts_file: knownHosts })}\n`,
  );
  return {
    hosts: machines.map((machine, index) => ({
      name: machine.name,
      storage: virtual[index]?.[1] ?? '',
      intended: 'grown',
      run: (script) => machine.exec(script),
    })),
    inventoryText: `hosts:\n${lines.join('')}`,
    container: 'c1',
    target: '512MiB',
    exitCodes: { plan: 0, apply: 0 },
    stop: async () => {
      await Promise.all(machines.map((machine) => machine.stop()));
    },
  };
}
