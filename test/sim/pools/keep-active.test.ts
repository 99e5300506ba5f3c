import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet, FleetHost } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { keepActive } from '../../../src/operations/pools/keep-active.ts';
import { commandLine } from '../../../src/values/shell.ts';
import { spoiledPools } from '../../support/spoiled-pools.ts';

/** The simulated pool is held to a real one; test/lab/pools/grow-pool.test.ts does the same to that. */
describe('a pool is brought back, whatever has been done to its table', () => {
  let fleet: Fleet;
  let host: FleetHost;
  beforeAll(async () => {
    fleet = await startFleet([twins['dm-xfs']]);
    const [first] = fleet.hosts;
    if (first === undefined) throw new Error('the fleet has no host');
    host = first;
  });
  afterAll(() => fleet.stop());

  it.each(spoiledPools)('$name', async ({ script, spoiled }) => {
    const pool = (await host.run('dmsetup ls | cut -f1 | grep -e -pool$')).stdout.trim();
    const table = (await host.run(`dmsetup table ${pool}`)).stdout.trim();
    const longer = table.replace(/^0 \d+/, '0 8388608');
    expect(
      (
        await host.run(`P=${pool}; T='${table}'\n${script}\ndmsetup info $P | grep -E 'State|Tables'`)
      ).stdout.replaceAll(/ +/g, ' '),
    ).toContain(spoiled);
    expect(await host.run(commandLine(keepActive(pool, table, longer)))).toMatchObject({ code: 0 });
    expect(
      (await host.run(`dmsetup info ${pool} | grep -E 'State|Tables'; dmsetup table ${pool}`)).stdout
        .replaceAll(/ +/g, ' ')
        .trim(),
    ).toBe(`State: ACTIVE\nTables present: LIVE\n${table}`);
  });

  it('a resume that fails once is tried again', async () => {
    const pool = (await host.run('dmsetup ls | cut -f1 | grep -e -pool$')).stdout.trim();
    const table = (await host.run(`dmsetup table ${pool}`)).stdout.trim();
    await host.run(`dmsetup suspend ${pool}`);
    await host.setFaults([{ tool: 'dmsetup', when: 'resume *', action: 'fail', argument: 1, once: true }]);
    expect(await host.run(commandLine(keepActive(pool, table, table)))).toMatchObject({ code: 0 });
    expect((await host.run(`dmsetup info ${pool}`)).stdout).toMatch(/ACTIVE/);
  });
});
