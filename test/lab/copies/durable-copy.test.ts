// lab: 250 s, copy_volume
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import { journalOf, runIds, start, worksOn } from '../runs/durable-runs.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { labFleet } from '../lab-fleet.ts';

const mebibyte = 1024 ** 2;
const files = 30;
const place = '/var/lib/docker/copy-test';
const sums = (directory: string): string =>
  `cd ${place}/${directory} && find . -type f | sort | xargs sha256sum | sha256sum`;

describe('a copy of 240 MiB on a real host', () => {
  let fleet: LabFleet | undefined;
  afterEach(() => fleet?.stop());

  /** Thirty files, of random data: what is copied cannot be sparse. */
  async function arrange(): Promise<{
    readonly fleet: LabFleet;
    readonly machine: Machine;
    readonly playbook: string;
    readonly sum: string;
  }> {
    const own = await labFleet(['overlay2-20']);
    fleet = own;
    const [machine] = own.machines;
    if (machine === undefined) throw new Error('no machine');
    await machine.sh(
      `mkdir -p ${place}/from ${place}/to; for i in $(seq ${String(files)}); do head -c ${String(8 * mebibyte)} /dev/urandom >${place}/from/part-$i; done; sync`,
    );
    const playbook = join(own.directory, 'copy.yaml');
    await writeFile(
      playbook,
      JSON.stringify({
        hosts: 'all',
        become: true,
        steps: [{ name: 'Copy', volume_copy: { from: `${place}/from`, to: `${place}/to`, bwlimit: '5MiB' } }],
      }),
    );
    return { fleet: own, machine, playbook, sum: await machine.sh(sums('from')) };
  }

  const copied = async (machine: Machine): Promise<number> =>
    Number((await machine.sh(`du -sB1 ${place}/to | cut -f1`)).trim());
  /** The copy itself has a process for each end; the oldest is the one that was begun. */
  const rsync = async (machine: Machine): Promise<string> => (await machine.exec('pgrep -o -x rsync')).stdout.trim();

  it('goes on when plimsoll is killed, and is followed to its end by resume: nothing is begun a second time', async () => {
    const { fleet: own, machine, playbook, sum } = await arrange();
    const first = start(own, 'apply', playbook, '--yes');
    await expect.poll(() => copied(machine), { interval: 1000 }).toBeGreaterThan(20 * mebibyte);
    await first.kill();
    const [pid, before] = [await rsync(machine), await copied(machine)];
    expect(pid).toMatch(/^\d+$/);
    await sleep(5000);
    expect(await rsync(machine)).toBe(pid);
    expect(await copied(machine)).toBeGreaterThan(before);
    const begun = await worksOn(machine);

    const second = start(own, 'resume', '--yes');
    // It looks, and lets what runs run.
    let most = before;
    while ((await rsync(machine)) === pid) {
      const now = await copied(machine);
      expect(now).toBeGreaterThanOrEqual(most);
      most = now;
      await sleep(2000);
    }
    const ended = await second.ended;
    expect(ended.code, ended.printed).toBe(0);
    expect(await machine.sh(sums('to'))).toBe(sum);
    const [run = ''] = await runIds(own);
    const intents = (await journalOf(own, run)).filter(({ type }) => type === 'intent').map(({ work }) => work);
    // Each part of it was intended once, and begun once.
    expect(new Set(intents).size).toBe(intents.length);
    const works = await worksOn(machine);
    expect(works).toHaveLength(intents.length);
    expect(works).toEqual(begun);
  });

  it('is cut by a power failure of the host, and brought to its end by resume', async () => {
    const { fleet: own, machine, playbook, sum } = await arrange();
    const first = start(own, 'apply', playbook, '--yes');
    await expect.poll(() => copied(machine), { interval: 1000 }).toBeGreaterThan(60 * mebibyte);
    const reset = machine.hardReset();
    const ended = await first.ended;
    await reset;
    // It comes back by itself, and finds that the copy was cut.
    expect(ended.code, ended.printed).toBe(1);
    const resumed = await start(own, 'resume', '--yes').ended;
    expect(resumed.code, `${ended.printed}\n----\n${resumed.printed}`).toBe(0);
    expect(await machine.sh(sums('to'))).toBe(sum);
    expect(await machine.sh(sums('from'))).toBe(sum);
    expect(await machine.sh(`ls -A ${place}/to | grep -vc '^part-' || true`)).toBe('0\n');
  });
});
