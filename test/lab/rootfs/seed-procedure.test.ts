// lab: 350 s, dmsetup xfs_growfs resize2fs repair_rootfs docker_inspect
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, jsonLines, labFleet, sizeInside, stateOf } from '../lab-fleet.ts';

const procedure = ['playbooks/seed-procedure.yaml', '-e', 'container=c1', '-e', 'size_sectors=1048576'] as const;

describe.each(['dm-xfs', 'dm-lvm'] as const)(
  'the procedure by hand on %s, and the repair of what it leaves',
  (kind) => {
    let fleet: LabFleet;
    beforeAll(async () => {
      fleet = await labFleet([kind]);
    });
    afterAll(() => fleet.stop());

    it('resolves in its preview everything that the reading steps make known, and changes nothing by it', async () => {
      const [machine] = fleet.machines;
      if (machine === undefined) throw new Error('no machine');
      const before = await stateOf(machine);
      const plan = await fleet.run('plan', ...procedure, '--allow-read-only-programs', '--output', 'json');
      expect(plan.code, plan.stdout + plan.stderr).toBe(0);
      expect(await stateOf(machine)).toBe(before);
      const steps = jsonLines(plan).filter(({ type }) => type === 'step.planned');
      const load = steps.find(({ step }) => step === 'Load the longer table');
      const table = (
        await machine.sh('dmsetup table $(docker inspect -f "{{.GraphDriver.Data.DeviceName}}" c1)')
      ).trim();
      expect(load?.['outcome']).toBe('change');
      expect(JSON.stringify(load)).toContain(table.replace(/^0 \d+/, '0 1048576'));
      for (const name of ['Make it live', 'Grow the file system'])
        expect(steps.find(({ step }) => step === name)?.['outcome']).toBe('maybe');
      expect(JSON.stringify(steps.map(({ outcome }) => outcome))).not.toContain('skip');
    });

    it('grows the container, and is undone by the next stop and start; repair_rootfs brings it back with its data', async () => {
      const [machine] = fleet.machines;
      if (machine === undefined) throw new Error('no machine');
      const apply = await fleet.run('apply', ...procedure, '--yes');
      expect(apply.code, apply.stdout).toBe(0);
      const size = await sizeInside(machine, 'c1');
      expect(size).toBeGreaterThan(400 * 1024 ** 2);
      const start = await machine.exec('docker stop -t 0 c1; docker start c1');
      expect(start.code).not.toBe(0);
      expect(start.stderr).toMatch(/Failed to mount/);

      const repair = ['playbooks/repair-rootfs.yaml', '-e', 'container=c1'] as const;
      const broken = await stateOf(machine);
      const plan = await fleet.run('plan', ...repair, '--detailed-exitcode');
      expect(plan.code, plan.stdout).toBe(10);
      expect(await stateOf(machine)).toBe(broken);
      const repaired = await fleet.run('apply', ...repair, '--yes');
      expect(repaired.code, repaired.stdout).toBe(0);
      expect(repaired.stdout).toMatch(/not restart-safe yet/);
      expect(await sizeInside(machine, 'c1')).toBe(size);
      expect(await dataIsWhole(machine, 'c1')).toBe(true);

      const lasting = await fleet.run('apply', ...repair, '-e', 'restart_daemon=true', '--yes');
      expect(lasting.code, lasting.stdout).toBe(0);
      await machine.sh('docker stop -t 0 c1 && docker start c1');
      expect(await sizeInside(machine, 'c1')).toBe(size);
      expect(await dataIsWhole(machine, 'c1')).toBe(true);
      const again = await fleet.run('plan', ...repair, '--detailed-exitcode');
      expect(again.code, again.stdout).toBe(0);
    });
  },
);
