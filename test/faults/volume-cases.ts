import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../lab/sim/fleet.ts';
import type { ContainerSpec, HostSpec } from '../../lab/sim/spec.ts';
import { cleanCases } from './clean-cases.ts';
import { composeCase } from './compose-case.ts';
import type { FaultCase } from './fault-case.ts';
import { content, isWhole, runsAtEnd, scaled, volumeIsSafe } from './volume-invariants.ts';

const mib = 1024 ** 2;

const app: ContainerSpec = {
  name: 'app',
  volumes: { 'foo-0': '/data' },
  restart: 'always',
  labels: { kept: 'yes' },
  config: { Env: ['TOKEN=secret', 'A=1'] },
};
const host = (...containers: readonly ContainerSpec[]): HostSpec => ({
  name: 'volumes',
  kind: 'overlay2-pquota',
  volumes: [{ name: 'foo-0', bytes: 20 * mib, files: content }],
  containers,
});
const scale = (more: object): readonly object[] => [{ name: 'Scale', scale_volume: { volume: 'foo-0', ...more } }];
const gate = { seconds: '1s' };

/** Beside it, and none of anybody's business. */
const other: ContainerSpec = { name: 'other', restart: 'unless-stopped' };

async function hasEnvironment(where: FleetHost): Promise<readonly string[]> {
  const { stdout } = await where.run(
    "docker inspect --type container --format '{{json .Config.Env}} {{.HostConfig.Memory}}' app",
  );
  return stdout.includes('"A=2"') && !stdout.includes('TOKEN') && stdout.endsWith(' 67108864\n')
    ? []
    : [`app has ${stdout}`];
}

/** Two that write to the volume when they start and when they are stopped: nothing of that may be lost. */
const writers = ['app', 'web'].map((name): ContainerSpec => ({ ...app, name, appends: `/data/${name}.log` }));

const nothingIsLost = async (directory: string): Promise<readonly string[]> => {
  const wrong = await Promise.all(
    writers.map(async ({ name }) => {
      const log = await readFile(
        join(directory, 'root/var/lib/docker/volumes/foo-1/_data', `${name}.log`),
        'utf8',
      ).catch(() => '');
      return log === `${name} stopped\n${name} started\n` ? [] : [`what ${name} has written is ${JSON.stringify(log)}`];
    }),
  );
  return wrong.flat();
};

export const volumeCases: readonly FaultCase[] = [
  {
    operation: 'scale_volume',
    on: 'in place, relative size, restart owed',
    host: host(app),
    reversible: true,
    powerSafe: true,
    steps: () => scale({ size: '+20MiB', method: 'in_place', restart_daemon: false }),
    invariants: volumeIsSafe,
    atEnd: runsAtEnd,
  },
  {
    operation: 'scale_volume',
    on: 'by copy, a container runs',
    host: host(app),
    reversible: true,
    powerSafe: true,
    steps: () => scale({ size: '200%', method: 'copy', gate }),
    invariants: volumeIsSafe,
    atEnd: scaled,
  },
  {
    operation: 'scale_volume',
    on: 'by copy, two containers write',
    host: host(...writers),
    reversible: false,
    steps: () => scale({ size: '40MiB', method: 'copy', gate }),
    invariants: volumeIsSafe,
    atEnd: async (where) => [...(await scaled(where)), ...(await nothingIsLost(where.directory))],
  },
  {
    operation: 'scale_volume',
    on: 'by copy, smaller, nobody uses it',
    host: host(),
    reversible: true,
    powerSafe: true,
    steps: () => scale({ size: '18MiB', method: 'copy' }),
    invariants: volumeIsSafe,
    atEnd: (where) => isWhole(where, 'foo-1'),
  },
  {
    operation: 'recreate_container',
    on: 'with another environment and less memory',
    host: host(app, other),
    reversible: true,
    powerSafe: true,
    steps: () => [
      {
        name: 'Recreate',
        recreate_container: {
          container: 'app',
          env: { A: '2', TOKEN: null },
          memory: '64MiB',
          gate: { seconds: '1s' },
        },
      },
    ],
    invariants: volumeIsSafe,
    atEnd: async (where) => [...(await runsAtEnd(where)), ...(await hasEnvironment(where))],
  },
  composeCase,
  ...cleanCases,
  {
    operation: 'copy_volume',
    on: 'to another volume, a container runs',
    host: { ...host(app), volumes: [{ name: 'foo-0', bytes: 20 * mib, files: content }, { name: 'backup' }] },
    reversible: true,
    powerSafe: true,
    steps: () => [{ name: 'Copy', copy_volume: { from: { volume: 'foo-0' }, to: { volume: 'backup' }, stop: true } }],
    invariants: volumeIsSafe,
    atEnd: async (where) => [...(await runsAtEnd(where)), ...(await isWhole(where, 'backup'))],
  },
  {
    operation: 'send_volume',
    on: 'to a new volume on another host, a container runs',
    host: host(app),
    peer: { name: 'there', kind: 'overlay2-pquota' },
    reversible: true,
    powerSafe: true,
    steps: () => [
      {
        name: 'Send',
        send_volume: { from: { container: 'app', path: '/data' }, to: { host: 'there', volume: 'moved' }, stop: true },
      },
    ],
    invariants: volumeIsSafe,
    atEnd: async (where, _places, there) => [
      ...(await runsAtEnd(where)),
      ...(await arrived(there)),
      ...(await nobodyIsLetIn(where, there)),
    ],
  },
];

async function arrived(there: FleetHost | undefined): Promise<readonly string[]> {
  return there === undefined ? ['there is no other host'] : isWhole(there, 'moved');
}

async function nobodyIsLetIn(where: FleetHost, there: FleetHost | undefined): Promise<readonly string[]> {
  const left = await Promise.all(
    [
      join(where.directory, 'root/var/lib/plimsoll/sending'),
      ...['root/var/lib/plimsoll/receiving', 'root/root/.ssh'].map((name) => join(there?.directory ?? '', name)),
    ].map(async (at) => (await readdir(at).catch(() => [])).map((name) => `${at}/${name} is left`)),
  );
  return left.flat();
}
