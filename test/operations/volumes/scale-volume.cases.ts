import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerSpec } from '../../../lab/sim/spec.ts';
import { app, volumeHost } from '../../faults/hosts/volume-hosts.ts';
import { isWhole, runsAtEnd, scaled, volumeIsSafe } from '../../faults/invariants/volume-invariants.ts';
import { aVolume, gate } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { answers } from './world.ts';

const scale = (more: object): readonly object[] => [{ name: 'Scale', scale_volume: { volume: 'foo-0', ...more } }];
const gated = { gate: { seconds: '1s' } };

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

export const cases: OperationCases = {
  law: [
    { want: { volume: 'foo', size: '+20MiB', restart_daemon: true }, world: answers() },
    {
      of: 'by copy',
      want: {
        container: 'app',
        path: '/data',
        size: '40MiB',
        method: 'copy',
        bwlimit: '10MiB',
        gate: { seconds: '5s' },
      },
      world: answers(),
    },
  ],
  faults: [
    {
      on: 'in place, relative size, restart owed',
      host: volumeHost(app),
      reversible: true,
      powerSafe: true,
      steps: () => scale({ size: '+20MiB', method: 'in_place', restart_daemon: false }),
      invariants: volumeIsSafe,
      atEnd: runsAtEnd,
    },
    {
      on: 'in place, the daemon restarted',
      host: volumeHost(app),
      reversible: true,
      powerSafe: true,
      steps: () => scale({ size: '+20MiB', method: 'in_place', restart_daemon: true }),
      invariants: volumeIsSafe,
      atEnd: runsAtEnd,
    },
    {
      on: 'by copy, a container runs',
      host: volumeHost(app),
      reversible: true,
      powerSafe: true,
      steps: () => scale({ size: '200%', method: 'copy', ...gated }),
      invariants: volumeIsSafe,
      atEnd: scaled,
    },
    {
      on: 'by copy, two containers write',
      host: volumeHost(...writers),
      reversible: false,
      steps: () => scale({ size: '40MiB', method: 'copy', ...gated }),
      invariants: volumeIsSafe,
      atEnd: async (where) => [...(await scaled(where)), ...(await nothingIsLost(where.directory))],
    },
    {
      on: 'by copy, smaller, nobody uses it',
      host: volumeHost(),
      reversible: true,
      powerSafe: true,
      steps: () => scale({ size: '18MiB', method: 'copy' }),
      invariants: volumeIsSafe,
      atEnd: (where) => isWhole(where, 'foo-1'),
    },
  ],
  steps: {
    themes: ['volumes'],
    make: (given) => {
      const { pick } = given;
      const size = pick.of(['40MiB', '+20MiB', '200%', '18MiB']);
      const way = { method: pick.of(['auto', 'in_place', 'copy']), ...pick.sometimes({ restart_daemon: true }) };
      return { input: { volume: aVolume(given), size, ...way, ...gate }, again: /[+%]/.test(size) };
    },
  },
};
