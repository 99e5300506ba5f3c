import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cases } from './cases.ts';
import { differences, lasting } from './dump.ts';
import type { FaultCase } from './fault-case.ts';
import { plimsollWith, shown } from './plimsoll.ts';
import { undisturbed, withScene } from './scene.ts';

function caseOf(operation: string, on = ''): FaultCase {
  const found = cases.find((one) => one.operation === operation && one.on.includes(on));
  if (found === undefined) throw new Error(`no case of ${operation}`);
  return found;
}

const failed = 1;

it('a program that hangs while facts are read is ended in its time, nothing is changed, and later the same succeeds', async () => {
  const one = caseOf('grow_rootfs', 'overlay2');
  const { start, end } = await undisturbed(one);
  await withScene(one, async (scene) => {
    await scene.host.setFaults([{ tool: 'xfs_quota', when: '*report*', action: 'hang' }]);
    const impatient = join(scene.fleet.directory, 'impatient.yaml');
    await writeFile(impatient, scene.fleet.inventoryText.replace('defaults:', 'defaults:\n  command_timeout: 2s'));
    const stopped = await plimsollWith(
      scene.fleet,
      ['apply', join(scene.places.laptop, 'playbook.yaml'), '--yes'],
      undefined,
      impatient,
    );
    expect(stopped.code, stopped.printed).toBe(failed);
    expect(stopped.printed).toMatch(/did not end within 2 s/);
    expect(await scene.settled()).toEqual([]);
    expect(differences(start, await scene.dump())).toEqual([]);
    await scene.host.setFaults([]);
    const again = await scene.apply();
    expect(again.code, shown(again)).toBe(0);
    expect(differences(end, await scene.dumpWithLaptop())).toEqual([]);
  });
});

it("a step's own program that hangs is ended with everything that it has started, and the run can be taken up again", async () => {
  const one: FaultCase = {
    ...caseOf('command'),
    steps: ({ files }) => [
      {
        name: 'Hang',
        timeout: '3s',
        command: ['/bin/sh', '-c', '[ -e "$1/go" ] || { : >"$1/begun"; docker ps -q; }; : >"$1/done"', 'sh', files],
      },
    ],
  };
  await withScene(one, async (scene) => {
    await scene.host.setFaults([{ tool: 'docker', when: 'ps -q', action: 'hang' }]);
    const stopped = await scene.apply();
    expect(stopped.code, stopped.printed).toBe(failed);
    expect(stopped.printed).toMatch(/3 s/);
    expect(existsSync(join(scene.places.files, 'begun'))).toBe(true);
    expect(existsSync(join(scene.places.files, 'done'))).toBe(false);
    expect(await scene.settled()).toEqual([]);
    expect(await scene.brokenInvariants()).toEqual([]);
    await scene.host.setFaults([]);
    const again = await scene.plimsoll(['resume', '--yes']);
    expect(again.code, shown(again)).toBe(0);
    expect(existsSync(join(scene.places.files, 'done'))).toBe(true);
  });
});

it('a host whose sshd is away for some seconds in the middle of a change: the change goes on there, and the run with it once sshd is back', async () => {
  const slow: FaultCase = {
    ...caseOf('command'),
    steps: ({ files }) => [
      {
        name: 'Slow',
        command: ['/bin/sh', '-c', 'echo begun >>"$1"; sleep 4; echo ended >>"$1"', 'sh', join(files, 'log')],
      },
    ],
  };
  await withScene(
    slow,
    async (scene) => {
      const { wire } = scene.host;
      if (wire === undefined) throw new Error('no wire');
      const log = join(scene.places.files, 'log');
      const running = scene.apply();
      await expect.poll(() => existsSync(log), { interval: 50 }).toBe(true);
      await wire.down();
      await sleep(6000);
      expect(await readFile(log, 'utf8')).toBe('begun\nended\n');
      await wire.up();
      const ended = await running;
      expect(ended.code, shown(ended)).toBe(0);
      expect(await readFile(log, 'utf8')).toBe('begun\nended\n');
      expect([...(await scene.settled()), ...(await scene.brokenInvariants())]).toEqual([]);
    },
    { wire: true },
  );
});

it('a host whose power fails in the middle of an atomic change is brought to its end by resume', async () => {
  const one = caseOf('grow_rootfs', 'ext4');
  const { end } = await undisturbed(one);
  for (const tool of ['dmsetup', 'resize2fs', 'mount', 'umount']) {
    await withScene(one, async (scene) => {
      await scene.host.setFaults([{ tool, when: tool === 'dmsetup' ? 'load *' : '*', action: 'hang' }]);
      const running = scene.apply();
      const inside = `[ -e /var/lib/plimsoll/runs ] && ls -d /var/lib/plimsoll/runs/*/*.script`;
      await expect.poll(async () => (await scene.host.run(inside)).code, { interval: 100 }).toBe(0);
      await sleep(1500);
      await scene.host.cyclePower();
      await scene.host.setFaults([]);
      const ended = await running;
      expect(ended.code, `${tool}: ${shown(ended)}`).not.toBe(0);
      expect(await scene.brokenInvariants(), tool).toEqual([]);
      const resumed = await scene.plimsoll(['resume', '--yes']);
      expect(resumed.code, `${tool}: ${shown(resumed)}`).toBe(0);
      expect([...(await scene.settled()), ...(await scene.brokenInvariants())], tool).toEqual([]);
      expect(differences(lasting(end), lasting(await scene.dumpWithLaptop())), tool).toEqual([]);
    });
  }
});
