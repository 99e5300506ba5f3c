import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';
import { start, stopFleets } from '../simulated-host.ts';

stopFleets();

const host: HostSpec = {
  name: 'web-1',
  kind: 'overlay2-pquota',
  volumes: ['old-app-data', 'old-app-logs', 'kept'].map((name) => ({ name, bytes: 1024, files: { file: name } })),
};

/** The playbook that is shipped, in a directory of its own. */
async function apply(fleet: Fleet, keep: string): Promise<Ran> {
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  const playbook = join(fleet.directory, 'playbook.yaml');
  await copyFile(new URL('../../../playbooks/backup-then-clean.yaml', import.meta.url), playbook);
  return plimsoll(['apply', playbook, '-i', inventory, '--yes', '-e', `keep_for=${keep}`], {
    XDG_STATE_HOME: join(fleet.directory, 'runs'),
  });
}
const backups = (fleet: Fleet): Promise<readonly string[]> =>
  readdir(join(fleet.directory, 'backups/web-1')).then(
    (names) => names.sort(),
    () => [],
  );

it('backs up what it removes, and only that', async () => {
  const { fleet, host: at } = await start(host);
  const first = await apply(fleet, '1s');
  expect(first.code, first.stdout + first.stderr).toBe(0);
  expect([(await at.run('docker volume ls -q | sort')).stdout, (await backups(fleet)).length]).toEqual([
    'kept\nold-app-data\nold-app-logs\n',
    6,
  ]);
  // Where the next run is planned sooner than that, its time has not come.
  await sleep(1000);
  const second = await apply(fleet, '1s');
  expect(second.code, second.stdout + second.stderr).toBe(0);
  expect([(await at.run('docker volume ls -q')).stdout, (await backups(fleet)).length]).toEqual(['kept\n', 12]);
});

it('removes nothing of a host where a backup fails', async () => {
  const { fleet, host: at } = await start(host);
  await at.setFaults([{ tool: 'tar', when: '-C *old-app-logs* -cf - .', action: 'fail', argument: 2 }]);
  const failed = await apply(fleet, '0');
  expect(failed.code, failed.stdout + failed.stderr).toBe(1);
  expect([(await at.run('docker volume ls -q | sort')).stdout, (await backups(fleet)).length]).toEqual([
    'kept\nold-app-data\nold-app-logs\n',
    3,
  ]);
});
