import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet, FleetHost } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';
import { killAllWork } from '../../run/work/records.ts';

const mib = 1024 ** 2;
const host: HostSpec = {
  name: 'web-1',
  kind: 'dm-xfs',
  pool: { dataBytes: 2048 * mib },
  containers: [
    { name: 'c1', bytes: 320 * mib },
    { name: 'c2', bytes: 320 * mib, restart: 'unless-stopped' },
    { name: 'c3', bytes: 320 * mib, running: false },
  ],
};

const fleets: Fleet[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

async function start(
  more: Partial<HostSpec> = {},
): Promise<{ readonly host: FleetHost; readonly run: (...args: readonly string[]) => Promise<Ran> }> {
  const fleet = await startFleet([{ ...host, ...more }]);
  fleets.push(fleet);
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  const [only] = fleet.hosts;
  if (only === undefined) throw new Error('the fleet has no host');
  return {
    host: only,
    run: (...args) => plimsoll([...args, '-i', inventory], { XDG_STATE_HOME: join(fleet.directory, 'runs') }),
  };
}

const playbook = ['playbooks/grow-pool-offline.yaml', '-e', 'data=3GiB', '-e', 'metadata=48MiB'];
const stateOf = async (machine: FleetHost): Promise<string> =>
  (
    await machine.run(
      "dmsetup status --noflush | grep -o '[0-9/]* [0-9/]* - [a-z]*'; docker ps --format '{{.Names}}' | sort; ls /var/lib/plimsoll/stopped 2>&1 | tail -n 1",
    )
  ).stdout;

describe('the pool grows with the daemon stopped', () => {
  it('says who is stopped; grows data and metadata; what ran runs again, and nothing else; the second time there is nothing to do', async () => {
    const { host: machine, run } = await start();
    const plan = await run('plan', ...playbook);
    expect(plan.stdout).toMatch(
      /all containers stop until the pool has grown, and so does the Docker daemon: c2, c1; live-restore does not help/,
    );
    const apply = await run('apply', ...playbook, '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    expect(await stateOf(machine)).toMatch(/^\d+\/12288 \d+\/49152 - rw\nc1\nc2\n$/);
    const again = await run('plan', ...playbook, '--detailed-exitcode');
    expect(again.code, again.stdout).toBe(0);
  });

  it('the work is killed with the daemon down, and nobody is left to start it: resume goes on from what was written down', async () => {
    const { host: machine, run } = await start({
      faults: [{ tool: 'truncate', when: '*/data', action: 'hang', once: true }],
    });
    const running = run('apply', ...playbook, '--yes');
    await expect.poll(() => machine.faultsSoFar(), { interval: 100 }).toBe(1);
    await machine.run(killAllWork);
    const cut = await running;
    expect(cut.code, cut.stdout).not.toBe(0);
    expect(
      (await machine.run('systemctl is-active docker.service; dmsetup ls; ls /var/lib/plimsoll/stopped')).stdout,
    ).toBe('inactive\nNo devices found\npool\n');
    const resumed = await run('resume', '--yes');
    expect(resumed.code, resumed.stdout).toBe(0);
    expect(resumed.stdout).toMatch(
      /go on growing it to 3 GiB of data and 48 MiB of metadata, and start the Docker daemon and c2, c1 again/,
    );
    expect(await stateOf(machine)).toMatch(/^\d+\/12288 \d+\/49152 - rw\nc1\nc2\n$/);
  });
});
