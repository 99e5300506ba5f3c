import type { FleetHost } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import { cleanHost, entryOf, othersAreWhole } from '../../faults/invariants/clean-invariants.ts';
import { content, isWhole } from '../../faults/invariants/volume-invariants.ts';
import { removalWorld } from '../containers/removal-world.ts';
import type { OperationCases } from '../operation-cases.ts';

const own = ['a1', 'b2', 'c3'].map((pair) => pair.repeat(32));
const [first = '', second = '', shared = ''] = own;
/** With two volumes of its own, one that another container has too, and one with a name. */
const withOwn: HostSpec = {
  ...cleanHost,
  volumes: [...(cleanHost.volumes ?? []), ...own.map((name) => ({ name, files: content }))],
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

export const cases: OperationCases = {
  law: [{ want: { container: 'old', anonymous_volumes: 'quarantine', keep_for: '2d' }, world: removalWorld() }],
  faults: [
    {
      on: 'its own volumes into quarantine',
      host: withOwn,
      reversible: false,
      powerSafe: true,
      steps: () => [{ name: 'Remove', remove_container: { container: 'old', anonymous_volumes: 'quarantine' } }],
      invariants: ownAreWhole,
      atEnd: ownAreKept,
    },
  ],
  steps: {
    themes: ['volumes'],
    make: ({ pick, ground }) => ({
      input: {
        container: pick.among(ground.containers.toReversed(), 'c9'),
        anonymous_volumes: pick.of(['keep', 'quarantine']),
      },
    }),
  },
};
