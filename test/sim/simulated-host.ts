import { afterEach } from 'vitest';
import type { Fleet, FleetHost } from '../../lab/sim/fleet.ts';
import { startFleet } from '../../lab/sim/fleet.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import { createSshTransport } from '../../src/transport/ssh/ssh-transport.ts';
import type { Outcome, Target } from '../../src/transport/transport.ts';
import { never, testTarget } from '../support/target.ts';

const fleets: Fleet[] = [];

/** A fleet and the first of its hosts. Ends with `stopFleets`. */
export async function start(
  ...specs: readonly HostSpec[]
): Promise<{ readonly fleet: Fleet; readonly host: FleetHost }> {
  const fleet = await startFleet(specs);
  fleets.push(fleet);
  const [host] = fleet.hosts;
  if (host === undefined) throw new Error('no host');
  return { fleet, host };
}

/** Said once by a test file: whatever a test has started goes with it. */
export function stopFleets(): void {
  afterEach(async () => {
    await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
  });
}

export function reached(fleet: Fleet, { name, port, user }: FleetHost, more: Partial<Target> = {}): Target {
  return testTarget({
    name,
    port,
    user,
    identityFiles: [fleet.identityFile],
    knownHostsFiles: [fleet.knownHostsFile],
    ...more,
  });
}

/** Over a connection of its own. */
export async function runOn(
  fleet: Fleet,
  host: FleetHost,
  script: string,
  more: Partial<Target> = {},
): Promise<Outcome> {
  const transport = createSshTransport();
  try {
    const connection = await transport.connect(reached(fleet, host, more), never);
    try {
      return await connection.run({ script });
    } finally {
      await connection.close();
    }
  } finally {
    await transport.close();
  }
}
