import { describe, expect, it } from 'vitest';
import { limit } from '../../lab/pace.ts';
import { openShell } from '../../lab/sim/client.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import { runOn, start, stopFleets } from './simulated-host.ts';

const gib = 1024 ** 3;
stopFleets();

const started = (more: Partial<HostSpec> = {}): ReturnType<typeof start> =>
  start({
    name: 'web-1',
    kind: 'dm-xfs',
    containers: [
      { name: 'app-1', bytes: 10 * gib },
      { name: 'app-2', bytes: 10 * gib, restart: 'always' },
    ],
    ...more,
  });

describe('the wire to a simulated host', () => {
  it('counts what passes after the login, and cuts once, at the chunk that it was told', async () => {
    const { fleet, host } = await started({ wire: true });
    const { wire } = host;
    if (wire === undefined) throw new Error('no wire');
    expect(await runOn(fleet, host, 'echo there')).toMatchObject({ stdout: 'there\n' });
    const [sent, received] = [wire.passed('to-host'), wire.passed('to-client')];
    expect(sent).toBeGreaterThan(0);
    expect(received).toBeGreaterThan(0);
    wire.cutAt('to-host', sent + 1);
    await expect(runOn(fleet, host, 'echo there')).rejects.toMatchObject({ code: 'connection-lost' });
    expect(wire.cuts()).toBe(1);
    expect(await runOn(fleet, host, 'echo there')).toMatchObject({ stdout: 'there\n' });
    expect(wire.cuts()).toBe(1);
  });

  it('refuses connections while it is down, and is there again on the same port', async () => {
    const { fleet, host } = await started({ wire: true });
    await host.wire?.down();
    await expect(runOn(fleet, host, 'true')).rejects.toMatchObject({ code: 'connection-refused' });
    await host.wire?.up();
    expect(await runOn(fleet, host, 'echo there')).toMatchObject({ stdout: 'there\n' });
  });
});

describe('a simulated host', () => {
  it('supports what detached work needs: sessions, locks, pipes, and its state directory', async () => {
    const { fleet, host } = await started();
    const script = `mkdir -p /var/lib/plimsoll/work && cd /var/lib/plimsoll/work && mkfifo pipe && exec 9>lock && flock -n 9
setsid sh -c 'cat <pipe >out; sync out; mv out done' </dev/null >/dev/null 2>&1 &
flock -n lock true; echo "$?"; echo through >pipe; while [ ! -e done ]; do sleep 0.05; done; cat done; stat -c %s done; pwd`;
    expect(await runOn(fleet, host, script)).toMatchObject({
      status: 0,
      stdout: '1\nthrough\n8\n/var/lib/plimsoll/work\n',
    });
    expect(await host.idle(limit(10_000))).toBe(true);
    expect((await host.run('flock -n /var/lib/plimsoll/work/lock echo free')).stdout).toBe('free\n');
  });

  it('is idle once nothing that was started on it runs', async () => {
    const { fleet, host } = await started();
    const shell = await openShell(fleet, host);
    await shell.run('setsid sleep 1.5 >/dev/null 2>&1 &');
    shell.end();
    expect(await host.idle(100)).toBe(false);
    expect((await host.processes()).join()).toMatch(/sleep 1\.5/);
    expect(await host.idle(limit(20_000))).toBe(true);
  });

  it('loses with its power what only the memory knew, and nothing else', async () => {
    const { fleet, host } = await started();
    const shell = await openShell(fleet, host);
    await shell.run('echo kept >/var/lib/plimsoll.kept; setsid sleep 1000 >/dev/null 2>&1 &');
    shell.end();
    const tables = (await host.run('dmsetup ls | wc -l')).stdout;
    await host.run(
      `N=$(docker inspect --type container --format '{{.GraphDriver.Data.DeviceName}}' app-1); set -- $(dmsetup table "$N"); dmsetup load "$N" --table "0 41943040 thin $4 $5"; dmsetup suspend "$N"`,
    );
    await host.cyclePower();
    expect(await host.processes()).toEqual([]);
    const { stdout } = await host.run(
      "dmsetup info | grep -c SUSPENDED; dmsetup table --inactive | grep -c thin; docker ps --format '{{.Names}}'; docker start app-1; dmsetup ls | wc -l; cat /var/lib/plimsoll.kept",
    );
    expect(stdout).toBe(`0\n0\napp-2\napp-1\n${tables}kept\n`);
  });
});
