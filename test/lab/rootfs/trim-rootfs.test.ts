// lab: 300 s, trim_rootfs
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, jsonLines, labFleet, stateOf } from '../lab-fleet.ts';

const mebibyte = 1024 ** 2;
const trim = ['playbooks/trim-rootfs.yaml', '-e', 'container=c1', '-e', 'at_least=32MiB'] as const;
/** Of each of the kinds the smallest has room for so much. */
const written = 60;

describe.each(['dm-xfs', 'dm-ext4', 'dm-lvm'] as const)('trim_rootfs on %s', (kind) => {
  let fleet: LabFleet;
  let machine: Machine;
  beforeAll(async () => {
    fleet = await labFleet([kind]);
    const [first] = fleet.machines;
    if (first === undefined) throw new Error('no machine');
    machine = first;
  });
  afterAll(() => fleet.stop());

  /** Bytes of the pool's data that are in use. */
  const used = async (): Promise<number> => {
    const [blocks = '', sectors = ''] = (
      await machine.sh(
        'P=$(docker info --format \'{{json .DriverStatus}}\' 2>/dev/null | sed -n \'s/.*"Pool Name","\\([^"]*\\)".*/\\1/p\'); dmsetup status "$P" | awk \'{print $6}\'; dmsetup table "$P" | awk \'{print $6}\'',
      )
    ).split('\n');
    return Number(blocks.split('/')[0]) * Number(sectors) * 512;
  };

  it('has nothing to do where nothing was removed', async () => {
    const plan = await fleet.run('plan', ...trim, '--detailed-exitcode');
    expect(plan.code, plan.stdout + plan.stderr).toBe(0);
    expect(plan.stdout).toMatch(/less than 32 MiB of c1 can come back/);
  });

  it('gives back what was written and removed, as previewed, and has nothing to do the second time', async () => {
    const start = await used();
    await machine.sh(
      `docker exec c1 sh -c 'dd if=/dev/urandom of=/big bs=1M count=${String(written)} 2>/dev/null; sync; rm /big; sync'`,
    );
    const full = await used();
    expect(full - start).toBeGreaterThan((written - 5) * mebibyte);

    const before = await stateOf(machine);
    const plan = await fleet.run('plan', ...trim, '--detailed-exitcode');
    expect(plan.code, plan.stdout + plan.stderr).toBe(10);
    expect(plan.stdout).toMatch(/c1: give unused blocks back to the pool/);
    expect(plan.stdout).toMatch(/about [\d.]+ MiB can come back/);
    expect(await stateOf(machine)).toBe(before);

    const apply = await fleet.run('apply', ...trim, '--yes', '--output', 'json');
    expect(apply.code, apply.stdout + apply.stderr).toBe(0);
    const left = await used();
    expect(full - left).toBeGreaterThan((written - 5) * mebibyte);
    const said = JSON.stringify(jsonLines(apply));
    const given = Number(/the pool has (\d+) bytes less in use/.exec(said)?.[1]);
    expect(Math.abs(given - (full - left))).toBeLessThan(2 * mebibyte);
    expect(await machine.sh('cat /var/lib/plimsoll/trimmed/*')).toMatch(new RegExp(`^${String(given)} \\d+\\n$`));
    expect(await machine.sh('ls /var/lib/plimsoll/mnt; grep -c plimsoll /proc/self/mountinfo || :')).toBe('0\n');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);

    const again = await fleet.run('plan', ...trim, '--detailed-exitcode');
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(again.stdout).toMatch(/less than 32 MiB of c1 can come back/);
  });

  it('refuses a container that does not run, and leaves it out when it is told to', async () => {
    await machine.sh('docker stop -t 0 c1');
    const stopped = await fleet.run('plan', ...trim);
    expect(stopped.code).toBe(4);
    expect(stopped.stdout).toMatch(/not running: c1 is exited/);
    await machine.sh('docker start c1');
  });
});
