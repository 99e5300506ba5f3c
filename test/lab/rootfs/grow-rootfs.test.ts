// lab: 600 s, grow_rootfs
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, jsonLines, labFleet, sizeInside, stateOf } from '../lab-fleet.ts';
import { besideNames } from '../../support/plimsoll.ts';

const mebibyte = 1024 ** 2;
const grow = ['playbooks/grow-rootfs.yaml', '-e', 'container=c1', '-e', 'target=512MiB'] as const;

describe.each(['dm-xfs', 'dm-ext4', 'dm-lvm'] as const)('grow_rootfs on %s', (kind) => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet([kind]);
  });
  afterAll(() => fleet.stop());

  it('is previewed without a trace, applied as previewed, nothing to do the second time, and lasts', async () => {
    const [machine] = fleet.machines;
    if (machine === undefined) throw new Error('no machine');
    const before = await stateOf(machine);
    const plan = await fleet.run('plan', ...grow, '--detailed-exitcode', '--output', 'json');
    expect(besideNames(plan.stderr)).toBe('');
    expect(plan.code).toBe(10);
    expect(await stateOf(machine)).toBe(before);
    const planned = jsonLines(plan)
      .filter(({ type }) => type === 'step.planned')
      .map(({ seq: _seq, at: _at, ...event }) => event);
    const commands = JSON.stringify(planned);
    expect(commands).toContain('dmsetup load docker-');
    expect(commands).toContain('0 1048576 thin');
    expect(commands).toContain(kind === 'dm-ext4' ? 'resize2fs /dev/mapper/docker-' : 'xfs_growfs -d ');

    const apply = await fleet.run('apply', ...grow, '--yes', '--output', 'json');
    expect(apply.code, apply.stdout + apply.stderr).toBe(0);
    expect(
      jsonLines(apply)
        .filter(({ type }) => type === 'step.planned')
        .map(({ seq: _seq, at: _at, ...event }) => event),
    ).toEqual(planned);
    const intents = (await fleet.journal()).filter(({ type }) => type === 'intent');
    const outcomes = (await fleet.journal()).filter(({ type }) => type === 'outcome');
    expect(intents.length).toBeGreaterThan(0);
    expect(outcomes.map(({ error }) => error)).toEqual(intents.map(() => undefined));
    expect(await sizeInside(machine, 'c1')).toBeGreaterThan(400 * mebibyte);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);

    const again = await fleet.run('plan', ...grow, '--detailed-exitcode');
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(again.stdout).toMatch(/c1 is 512 MiB already/);
    expect(again.stdout).not.toMatch(/owed/);

    const size = await sizeInside(machine, 'c1');
    await machine.sh(
      'systemctl reset-failed docker docker.socket; systemctl restart docker && docker stop -t 1 c1 && docker start c1',
    );
    expect(await sizeInside(machine, 'c1')).toBe(size);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it('refuses what would be smaller, and names what is possible', async () => {
    const smaller = await fleet.run(
      'apply',
      'playbooks/grow-rootfs.yaml',
      '-e',
      'container=c1',
      '-e',
      'target=400MiB',
      '--yes',
    );
    expect(smaller.code).toBe(4);
    expect(smaller.stdout).toMatch(/c1 is 512 MiB now, larger than the 400 MiB wanted/);
    expect(smaller.stdout).toMatch(/ask for 512 MiB or more/);
  });

  it('refuses a container that does not exist, and one that does not run', async () => {
    const [machine] = fleet.machines;
    const absent = await fleet.run('plan', 'playbooks/grow-rootfs.yaml', '-e', 'container=nosuch');
    expect(absent.code).toBe(4);
    expect(absent.stdout).toMatch(/there is no container "nosuch"/);
    await machine?.sh('docker stop -t 0 c1');
    const stopped = await fleet.run('plan', ...grow, '-e', 'target=600MiB');
    expect(stopped.code).toBe(4);
    expect(stopped.stdout).toMatch(/c1 is not running \(exited\)/);
    await machine?.sh('docker start c1');
  });
});

describe('grow_rootfs without a restart of the daemon', () => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet(['dm-xfs']);
  });
  afterAll(() => fleet.stop());

  it('says what is still owed until the daemon has been restarted, by whomever', async () => {
    const later = [...grow, '-e', 'restart_daemon=false'];
    const applied = await fleet.run('apply', ...later, '--yes');
    expect(applied.code, applied.stdout).toBe(0);
    const owed = /c1 is not restart-safe yet: the daemon still holds 320 MiB and reads 512 MiB when it starts next/;
    expect(applied.stdout).toMatch(owed);
    const again = await fleet.run('plan', ...later, '--detailed-exitcode');
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(owed);
    const withRestart = await fleet.run('apply', ...grow, '--yes');
    expect(withRestart.code, withRestart.stdout).toBe(0);
    expect(withRestart.stdout).not.toMatch(/dmsetup load/);
    const last = await fleet.run('plan', ...later, '--detailed-exitcode');
    expect(last.code).toBe(0);
    expect(last.stdout).not.toMatch(/not restart-safe/);
  });

  it('resolves a relative size once, and says that it grows again at every run', async () => {
    const relative = await fleet.run(
      'apply',
      'playbooks/grow-rootfs.yaml',
      '-e',
      'container=c1',
      '-e',
      'target=+64MiB',
      '--yes',
    );
    expect(relative.code, relative.stdout).toBe(0);
    expect(relative.stdout).toMatch(/c1: 512 MiB → 576 MiB/);
    expect(relative.stdout).toMatch(/\+64MiB is relative to the size now: it grows again at every run/);
  });
});
