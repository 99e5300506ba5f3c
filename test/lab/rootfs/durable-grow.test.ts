// lab: 600 s, grow_rootfs
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { damage, start } from '../runs/durable-runs.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, labFleet, sizeInside } from '../lab-fleet.ts';

const mebibyte = 1024 ** 2;
const grow = (size: string): readonly string[] => [
  'apply',
  'playbooks/grow-rootfs.yaml',
  '-e',
  'container=c1',
  '-e',
  `target=${size}`,
  '--yes',
];

describe('growing on a real host that things happen to', () => {
  let fleet: LabFleet | undefined;
  afterEach(() => fleet?.stop());

  async function one(kind: 'dm-xfs' | 'dm-ext4' | 'dm-lvm') {
    const own = await labFleet([kind]);
    fleet = own;
    const [machine] = own.machines;
    if (machine === undefined) throw new Error('no machine');
    return { fleet: own, machine };
  }

  it.each([
    ['dm-xfs', 0],
    ['dm-ext4', 400],
    ['dm-xfs', 900],
  ] as const)(
    '%s: the power fails %i ms after the change has begun; resume leads to the end, and the data is whole',
    async (kind, after) => {
      const { fleet: own, machine } = await one(kind);
      await machine.sh('docker update --restart always c1');
      const first = start(own, ...grow('512MiB'));
      await expect
        .poll(async () => (await machine.exec('ls /var/lib/plimsoll/runs/*/*.script')).code, { interval: 100 })
        .toBe(0);
      await sleep(after);
      const reset = machine.hardReset();
      const ended = await first.ended;
      await reset;
      expect(ended.code, ended.printed).not.toBe(7);
      await expect
        .poll(async () => (await machine.exec("docker inspect -f '{{.State.Running}}' c1")).stdout.trim(), {
          interval: 1000,
        })
        .toBe('true');
      expect(await damage(machine)).toEqual([]);
      if (ended.code !== 0) {
        const resumed = await start(own, 'resume', '--yes').ended;
        expect(resumed.code, `${ended.printed}\n----\n${resumed.printed}`).toBe(0);
      }
      expect(await damage(machine)).toEqual([]);
      expect(await sizeInside(machine, 'c1')).toBeGreaterThan(400 * mebibyte);
      expect(await dataIsWhole(machine, 'c1')).toBe(true);
      await machine.sh('docker restart -t 0 c1');
      expect(await dataIsWhole(machine, 'c1')).toBe(true);
    },
  );

  it('dm-xfs: sshd ends the sessions at any moment; the runs go on by themselves, and the pool is never suspended', async () => {
    const { fleet: own, machine } = await one('dm-xfs');
    const pool = (
      await machine.sh('docker info -f \'{{json .DriverStatus}}\' | sed \'s/.*"Pool Name","\\([^"]*\\)".*/\\1/\'')
    ).trim();
    expect(pool).toMatch(/pool$/);
    // On the machine itself: a look at the pool twenty times a second, until the file is gone.
    await machine.sh(
      `: >/run/watch; setsid sh -c 'while [ -e /run/watch ]; do dmsetup info ${pool} | grep State >>/run/seen; sleep 0.05; done' </dev/null >/dev/null 2>&1 &`,
    );
    const outcomes: (number | null)[] = [];
    for (let round = 1; round <= 4; round += 1) {
      const size = 320 + 32 * round;
      const running = start(own, ...grow(`${String(size)}MiB`));
      const progress = { over: false };
      void running.ended.then(() => {
        progress.over = true;
      });
      // At moments that have nothing to do with what happens: from one to three times a round.
      for (let kill = 0; kill < 1 + (round % 3); kill += 1) {
        await sleep(1500 + 1900 * Math.random());
        if (!progress.over) await machine.exec("pkill -KILL -f '^sshd: ops'");
      }
      const ended = await running.ended;
      outcomes.push(ended.code);
      // Whoever has lost the connection while only reading is told to run the same again.
      const last = ended.code === 0 ? ended : await start(own, ...grow(`${String(size)}MiB`)).ended;
      expect(last.code, `${ended.printed}\n----\n${last.printed}`).toBe(0);
      expect(await damage(machine)).toEqual([]);
      expect(await sizeInside(machine, 'c1')).toBeGreaterThan((size - 80) * mebibyte);
    }
    await machine.sh('rm /run/watch');
    expect(outcomes.filter((code) => code === 7)).toEqual([]);
    expect(await machine.sh('sort /run/seen | uniq -c')).not.toMatch(/SUSPENDED/);
    expect(Number(await machine.sh('wc -l </run/seen'))).toBeGreaterThan(100);
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });
});
