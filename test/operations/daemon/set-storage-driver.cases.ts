import type { FleetHost } from '../../../lab/sim/fleet.ts';
import { twins } from '../../../lab/sim/transcripts/twin.ts';
import type { OperationCases } from '../operation-cases.ts';
import { recordedHost } from '../recorded-hosts.ts';
import { driverWorld } from './driver-world.ts';

const consent = { acknowledge_invisible: true, stop_containers: true };

/** The old driver's data, and what Docker keeps of its containers, is nobody's to touch. */
async function keepsWhatIsInvisible(host: FleetHost): Promise<readonly string[]> {
  const { stdout } = await host.run(
    'cd /var/lib/docker/containers && grep -o \'"Driver":"[^"]*"\' -- */config.v2.json | wc -l',
  );
  return Number(stdout) === (host.spec.containers ?? []).length
    ? []
    : [`of ${String((host.spec.containers ?? []).length)} containers' records ${stdout.trim()} are left`];
}

export const cases: OperationCases = {
  law: [{ want: { driver: 'overlay2', ...consent }, world: driverWorld(await recordedHost('dm-xfs')) }],
  faults: [
    {
      on: 'devicemapper → overlay2, a container runs',
      host: twins['dm-xfs'],
      reversible: true,
      powerSafe: true,
      steps: () => [{ name: 'Driver', set_storage_driver: { driver: 'overlay2', ...consent } }],
      invariants: keepsWhatIsInvisible,
      atEnd: async (host) =>
        (await host.run("docker info --format '{{.Driver}}'; docker ps -aq")).stdout === 'overlay2\n'
          ? []
          : ['the daemon does not run with overlay2, or still sees the old containers'],
    },
    {
      on: 'overlay2 → vfs, no daemon.json',
      host: twins['overlay2-28'],
      reversible: true,
      powerSafe: true,
      steps: () => [{ name: 'Driver', set_storage_driver: { driver: 'vfs', ...consent } }],
      invariants: keepsWhatIsInvisible,
    },
  ],
  steps: {
    themes: ['devicemapper', 'volumes'],
    make: ({ pick, ground: { isDevicemapper } }) => {
      const given = { acknowledge_invisible: pick.number(4) !== 3, stop_containers: pick.number(4) !== 3 };
      return { input: { driver: pick.of(['overlay2', 'vfs', ...(isDevicemapper ? ['devicemapper'] : [])]), ...given } };
    },
  },
};
