// lab: 250 s, grow_pool
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { dataIsWhole, labFleet, stateOf } from '../lab-fleet.ts';

const sizes = ['-e', 'data=3GiB', '-e', 'metadata=48MiB'];

/** The file system below the pool's sparse files is full, so that the pool cannot write a block of metadata that it has not used before. */
const spoil = `set -e
A=$(df -B1 --output=avail / | tail -n 1)
fallocate -l $((A - 20000000)) /filler
dd if=/dev/zero of=/filler2 bs=1M 2>/dev/null || true
dd if=/dev/zero of=/filler3 bs=4k 2>/dev/null || true
P=$(dmsetup ls | cut -f1 | grep -e -pool$)
n=5000
while [ $n -lt 9000 ] && dmsetup message $P 0 "create_thin $n" 2>/dev/null; do n=$((n + 1)); done
rm /filler /filler2 /filler3
sync`;

describe('a pool whose metadata asks to be checked', () => {
  let fleet: LabFleet;
  let machine: Machine;
  beforeAll(async () => {
    fleet = await labFleet(['dm-xfs']);
    const [first] = fleet.machines;
    if (first === undefined) throw new Error('no machine');
    machine = first;
    await machine.sh(spoil);
  });
  afterAll(() => fleet.stop());

  const mode = (): Promise<string> =>
    machine.sh(
      "dmsetup status --noflush | sed -n 's/.*thin-pool [0-9]* [0-9]*\\/\\([0-9]*\\) [0-9]*\\/\\([0-9]*\\) - \\([a-z]*\\) .* \\([-a-z_]*\\) [0-9]* $/\\1 \\2 \\3 \\4/p'",
    );

  it('the kernel has made it read-only, and set the flag', async () => {
    expect(await mode()).toBe('8192 32768 ro needs_check\n');
  });

  it.each(['playbooks/grow-pool.yaml', 'playbooks/grow-pool-offline.yaml'])(
    'is refused by %s, with what to do, and nothing is changed',
    async (playbook) => {
      const before = await stateOf(machine);
      for (const verb of [['plan'], ['apply', '--yes']]) {
        const ran = await fleet.run(...verb, playbook, ...sizes);
        expect(ran.code, ran.stdout).toBe(4);
        expect(ran.stdout).toMatch(/asks to be checked \(needs_check\)/);
        expect(ran.stdout).toMatch(
          /thin_check --clear-needs-check-flag \/var\/lib\/docker\/devicemapper\/devicemapper\/metadata/,
        );
      }
      expect(await stateOf(machine)).toBe(before);
    },
  );

  it('is grown once it has been checked as the remedy says, with its data', async () => {
    const file = '/var/lib/docker/devicemapper/devicemapper/metadata';
    await machine.sh(
      `docker stop -t 1 c1; systemctl stop docker.socket docker; thin_check ${file} && thin_check --clear-needs-check-flag ${file} && systemctl start docker && docker start c1`,
    );
    expect(await mode()).toBe('8192 32768 rw -\n');
    const apply = await fleet.run('apply', 'playbooks/grow-pool.yaml', ...sizes, '--yes');
    expect(apply.code, apply.stdout).toBe(0);
    expect(await mode()).toBe('12288 49152 rw -\n');
    expect(await dataIsWhole(machine, 'c1')).toBe(true);
  });
});
