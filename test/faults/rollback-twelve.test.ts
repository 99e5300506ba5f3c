import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { limit } from '../../lab/pace.ts';
import { startFleet } from '../../lab/sim/fleet.ts';
import { dumpHost } from './dump.ts';
import { journalOf, onlyRun, plimsollWith, shown } from './plimsoll.ts';

const mib = 1024 ** 2;

it('a run over twelve hosts that is killed half way is taken back: every host has the facts of the start', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `web-${String(index + 1).padStart(2, '0')}`);
  const fleet = await startFleet(
    names.map((name) => ({
      name,
      kind: 'overlay2-pquota',
      containers: [
        { name: 'app-1', bytes: 64 * mib },
        { name: 'app-2', bytes: 96 * mib },
      ],
    })),
  );
  try {
    await fleet.writeTo(fleet.directory);
    const playbook = join(fleet.directory, 'playbook.yaml');
    await writeFile(
      playbook,
      JSON.stringify({
        hosts: 'all',
        become: true,
        batch: [4, '100%'],
        steps: [{ name: 'Grow', grow_rootfs: { container: 'app-*', size: '+32MiB' } }],
      }),
    );
    const facts = (): Promise<readonly unknown[]> =>
      Promise.all(fleet.hosts.map((host) => dumpHost(host, { files: host.directory, laptop: '' })));
    const start = await facts();
    // Four hosts in the first wave with two changes each; then in the middle of the second wave.
    const killed = await plimsollWith(fleet, ['apply', playbook, '--yes'], { killAt: 'after journal outcome #15' });
    expect(killed.signal, killed.printed).toBe('SIGKILL');
    await Promise.all(fleet.hosts.map((host) => host.idle(limit(30_000))));
    const changed = (await facts()).filter(
      (each, index) => JSON.stringify(each) !== JSON.stringify(start[index]),
    ).length;
    expect(changed).toBeGreaterThan(6);

    const run = (await onlyRun(fleet)) ?? '';
    const undone = await plimsollWith(fleet, ['rollback', run, '--yes']);
    expect(undone.code, shown(undone)).toBe(0);
    expect(await facts()).toEqual(start);
    const records = await journalOf(fleet);
    expect(records.filter((record) => record.type === 'continued' && record.mode === 'rollback')).toHaveLength(1);
    // A second time there is nothing left to be taken back.
    const again = await plimsollWith(fleet, ['rollback', run, '--yes']);
    expect(again.code, shown(again)).toBe(0);
    expect(await facts()).toEqual(start);
  } finally {
    await fleet.stop();
  }
});
