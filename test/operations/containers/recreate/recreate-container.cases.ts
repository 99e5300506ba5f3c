import type { ContainerSpec } from '../../../../lab/sim/spec.ts';
import type { FleetHost } from '../../../../lab/sim/fleet.ts';
import { composed } from '../../../faults/composed.ts';
import { app, volumeHost } from '../../../faults/hosts/volume-hosts.ts';
import { runsAtEnd, volumeIsSafe } from '../../../faults/invariants/volume-invariants.ts';
import { aContainer, gate } from '../../../scenarios/step-maker.ts';
import type { OperationCases } from '../../operation-cases.ts';
import { answers } from '../world.ts';

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

export const cases: OperationCases = {
  law: [
    {
      want: { container: 'plain', memory: '512MiB', labels: { a: 'b' }, gate: { seconds: '5s' } },
      world: answers(),
    },
  ],
  faults: [
    {
      on: 'with another environment and less memory',
      host: volumeHost(app, other),
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
    composed,
  ],
  steps: {
    themes: ['volumes'],
    make: (given) => {
      const { pick } = given;
      const env = { A: pick.of(['2', '3']), ...pick.sometimes({ TOKEN: null }) };
      const more = {
        ...pick.sometimes({ memory: '64MiB' }),
        ...pick.sometimes({ restart: 'always' }),
        ...pick.sometimes({ labels: { tier: 'db' } }),
      };
      return { input: { container: aContainer(given), env, ...more, ...gate } };
    },
  },
};
