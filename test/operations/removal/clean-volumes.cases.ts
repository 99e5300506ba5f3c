import type { FleetHost } from '../../../lab/sim/fleet.ts';
import { cleanHost, entryOf, othersAreWhole, scraps } from '../../faults/invariants/clean-invariants.ts';
import { isWhole, runsAtEnd } from '../../faults/invariants/volume-invariants.ts';
import type { OperationCases } from '../operation-cases.ts';
import { cleanAnswers, plainVolume } from '../volumes/clean-world.ts';

const clean = (more: object): readonly object[] => [
  { name: 'Clean up', clean_volumes: { named: true, not_label: 'keep', ...more } },
];

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

export const cases: OperationCases = {
  law: [
    {
      want: { named: true, older_than: '2d', except: 'db', keep_for: '30d' },
      world: cleanAnswers({ volumes: [plainVolume('scrap'), plainVolume('db')] }),
    },
  ],
  faults: [
    {
      on: 'into quarantine',
      host: cleanHost,
      reversible: true,
      powerSafe: true,
      steps: () => clean({ keep_for: '7d' }),
      invariants: allAreWhole,
      atEnd: allInQuarantine,
    },
    {
      on: 'removed when their time has come',
      host: cleanHost,
      reversible: false,
      powerSafe: true,
      arrange: longAgo,
      steps: () => clean({ keep_for: '7d' }),
      invariants: othersAreWhole,
      atEnd: allAreGone,
    },
    {
      on: 'removed at once',
      host: cleanHost,
      reversible: false,
      powerSafe: true,
      steps: () => clean({ keep_for: 0 }),
      invariants: othersAreWhole,
      atEnd: allAreGone,
    },
  ],
  steps: {
    themes: ['volumes'],
    make: ({ pick }) => {
      const which = pick.of([{ named: true }, { named: true, name: ['scrap-*', 'data'] }, {}]);
      return { input: { ...which, ...pick.sometimes({ not_label: 'keep' }), keep_for: pick.of(['7d', 0, '1h']) } };
    },
  },
};
