// lab: 250 s, grow_rootfs
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, labFleet, stateOf } from '../lab-fleet.ts';

const grow = ['playbooks/grow-rootfs.yaml', '-e', 'container=c1', '-e', 'target=128MiB'] as const;

describe.each(['overlay2-20', 'overlay2-28'] as const)('grow_rootfs on %s', (kind) => {
  let fleet: LabFleet;
  beforeAll(async () => {
    fleet = await labFleet([kind]);
  });
  afterAll(() => fleet.stop());

  it('raises the quota of the running container, lastingly, and up to it and no further can be written', async () => {
    const [machine] = fleet.machines;
    if (machine === undefined) throw new Error('no machine');
    const before = await stateOf(machine);
    const plan = await fleet.run('plan', ...grow, '--detailed-exitcode');
    expect(plan.code, plan.stdout).toBe(10);
    expect(plan.stdout).toMatch(/c1: 64 MiB → 128 MiB \(project quota\)/);
    expect(await stateOf(machine)).toBe(before);
    const apply = await fleet.run('apply', ...grow, '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    const again = await fleet.run('plan', ...grow, '--detailed-exitcode');
    expect(again.code, again.stdout).toBe(0);
    await machine.sh(
      'systemctl reset-failed docker docker.socket; systemctl restart docker && docker stop -t 0 c1 && docker start c1',
    );
    expect((await machine.exec('docker exec c1 sh -c "dd if=/dev/zero of=/fill bs=1M count=100"')).code).toBe(0);
    const over = await machine.exec('docker exec c1 sh -c "dd if=/dev/zero of=/fill bs=1M count=160"');
    expect(over.stderr).toMatch(/No space left on device/);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });

  it('refuses a container that was created without a size', async () => {
    const plan = await fleet.run('plan', 'playbooks/grow-rootfs.yaml', '-e', 'container=c0', '-e', 'target=128MiB');
    expect(plan.code).toBe(4);
    expect(plan.stdout).toMatch(/c0 was created without a size/);
    expect(plan.stdout).toMatch(/--storage-opt size=/);
  });
});

describe('grow_rootfs on the containerd image store', () => {
  it('is recognised and refused, with what can be done instead', async () => {
    const fleet = await labFleet(['containerd-28']);
    try {
      const plan = await fleet.run('apply', ...grow, '--yes');
      expect(plan.code).toBe(4);
      expect(plan.stdout).toMatch(/containerd image store/);
      expect(plan.stdout).toMatch(/put the data that grows on a volume/);
    } finally {
      await fleet.stop();
    }
  });
});
