// lab: 250 s, src/run/work/work.ts src/run/work/follow.ts src/run/reach/link.ts src/run/reach/lock-wait.ts src/run/reach/patience.ts src/run/reach/shell-ends.ts src/run/planning/settle.ts
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runIds, start } from './durable-runs.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { jsonLines, labFleet, stateOf } from '../lab-fleet.ts';

const exit = { refused: 4, drift: 5, locked: 6 } as const;

describe('two runs against one real host', () => {
  let fleet: LabFleet | undefined;
  afterEach(() => fleet?.stop());

  it('exclude each other: the second is told who has it and why, or waits when it is told to', async () => {
    const own = await labFleet(['overlay2-20']);
    fleet = own;
    const [machine] = own.machines;
    const [slow, quick] = ['slow', 'quick'].map((name) => join(own.directory, `${name}.yaml`));
    if (machine === undefined || slow === undefined || quick === undefined) throw new Error('no machine');
    await writeFile(
      slow,
      JSON.stringify({
        hosts: 'all',
        become: true,
        steps: [{ name: 'Slow', command: ['/bin/sh', '-c', 'sleep 25; echo slow >>/root/order'] }],
      }),
    );
    await writeFile(
      quick,
      JSON.stringify({
        hosts: 'all',
        become: true,
        steps: [{ name: 'Quick', command: ['/bin/sh', '-c', 'echo quick >>/root/order'] }],
      }),
    );
    const first = start(own, 'apply', slow, '--yes');
    await expect
      .poll(async () => (await machine.exec('ls /var/lib/plimsoll/runs/*/*.script')).code, { interval: 200 })
      .toBe(0);
    const [run = ''] = await runIds(own);

    const second = await own.run('apply', quick, '--yes');
    expect(second.code, second.stdout).toBe(exit.locked);
    expect(second.stdout).toContain(run);
    expect(second.stdout).toMatch(/slow\.yaml/);
    expect(second.stdout).toMatch(/--lock-wait/);
    expect((await machine.exec('cat /root/order')).code).not.toBe(0);

    const third = await own.run('apply', quick, '--yes', '--lock-wait', '2m');
    expect(third.code, third.stdout).toBe(0);
    expect(third.stdout).toContain(run);
    const ended = await first.ended;
    expect(ended.code, ended.printed).toBe(0);
    expect(await machine.sh('cat /root/order')).toBe('slow\nquick\n');
    expect(await machine.sh('flock -n /var/lib/plimsoll/lock echo free')).toBe('free\n');
  });
});

describe('a full disk on a real host', () => {
  let fleet: LabFleet | undefined;
  afterEach(() => fleet?.stop());

  it('is refused before anything is done; with room again the same succeeds', async () => {
    const own = await labFleet(['overlay2-20']);
    fleet = own;
    const [machine] = own.machines;
    if (machine === undefined) throw new Error('no machine');
    await machine.sh(
      'mkdir -p /var/lib/plimsoll; chmod 700 /var/lib/plimsoll; dd if=/dev/zero of=/filler bs=1M 2>/dev/null || true; dd if=/dev/zero of=/filler2 bs=512 2>/dev/null || true; sync',
    );
    expect(
      (
        await machine.exec(
          'dd if=/dev/zero of=/var/lib/plimsoll/try bs=4k count=1; e=$?; rm -f /var/lib/plimsoll/try; exit $e',
        )
      ).code,
    ).not.toBe(0);
    const before = await stateOf(machine);
    const grow = ['apply', 'playbooks/grow-rootfs.yaml', '-e', 'container=c1', '-e', 'target=128MiB', '--yes'] as const;
    const full = await own.run(...grow);
    expect(full.code, full.stdout + full.stderr).toBe(exit.refused);
    expect(full.stdout).toMatch(/\/var\/lib\/plimsoll/);
    expect(full.stdout).toMatch(/make room|No space left/);
    const quotas = (state: string): string =>
      state
        .split('\n')
        .filter((line) => line.startsWith('#'))
        .join('\n');
    expect(quotas(await stateOf(machine))).toBe(quotas(before));
    await machine.sh('rm /filler /filler2; sync');
    const again = await own.run(...grow);
    expect(again.code, again.stdout).toBe(0);
  });
});

describe('a saved plan for four real hosts', () => {
  let fleet: LabFleet | undefined;
  afterEach(() => fleet?.stop());

  it('is applied where nothing has changed; exactly the hosts that have changed drift', async () => {
    const own = await labFleet(['dm-ext4', 'dm-xfs', 'overlay2-20', 'overlay2-28']);
    fleet = own;
    const of = (kind: string) => {
      const found = own.machines.find((machine) => machine.kind === kind);
      if (found === undefined) throw new Error(`no ${kind}`);
      return found;
    };
    const plan = join(own.directory, 'plan.json');
    const planned = await own.run(
      'plan',
      'playbooks/grow-rootfs.yaml',
      '-e',
      'container=c1',
      '-e',
      'target=512MiB',
      '-o',
      plan,
    );
    expect(planned.code, planned.stdout + planned.stderr).toBe(0);

    // One container is started anew, one grown by somebody else, one removed; dm-ext4 is left alone.
    await of('dm-xfs').sh('docker restart -t 0 c1');
    await of('overlay2-20').sh(
      `xfs_quota -x -c "limit -p bsoft=100m bhard=100m $(xfs_io -r -c stat "$(docker inspect -f '{{.GraphDriver.Data.UpperDir}}' c1 | sed 's,/diff$,,')" | sed -n 's/fsxattr.projid = //p')" /var/lib/docker`,
    );
    await of('overlay2-28').sh('docker rm -f c1');
    const before = new Map(
      await Promise.all(
        ['dm-xfs', 'overlay2-20', 'overlay2-28'].map(async (kind) => [kind, await stateOf(of(kind))] as const),
      ),
    );

    const applied = await own.run('apply', plan, '--yes', '--output', 'json');
    const last = jsonLines(applied).at(-1);
    expect(last?.['hosts'], applied.stdout + applied.stderr).toEqual({
      'dm-ext4': 'changed',
      'dm-xfs': 'drifted',
      'overlay2-20': 'drifted',
      'overlay2-28': 'drifted',
    });
    expect(applied.code).toBe(exit.drift);
    const errors = jsonLines(applied)
      .filter(({ type, status }) => type === 'host.finished' && status === 'drifted')
      .map(({ error }) => JSON.stringify(error));
    for (const error of errors) expect(error).toMatch(/drift/);
    for (const [kind, state] of before) expect(withoutLock(await stateOf(of(kind))), kind).toBe(withoutLock(state));
    expect(await of('dm-ext4').sh("dmsetup table $(docker inspect -f '{{.GraphDriver.Data.DeviceName}}' c1)")).toMatch(
      /^0 1048576 thin /,
    );
  });
});

/** Plimsoll's own directory may hold its lock. */
function withoutLock(state: string): string {
  return state
    .split('\n')
    .filter((line) => !/plimsoll|^total|\block$/.test(line) && !/^d.* \.\.?$/.test(line))
    .join('\n');
}
