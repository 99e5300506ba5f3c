import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openShell } from '../../lab/sim/client.ts';
import type { Fleet, FleetHost } from '../../lab/sim/fleet.ts';
import type { HostSpec } from '../../lab/sim/spec.ts';
import { loadInventory } from '../../src/config/inventory/inventory.ts';
import { nodeConfigIo } from '../../src/config/node-io.ts';
import { containers } from '../../src/facts/containers/containers.ts';
import { dockerInfo } from '../../src/facts/daemon/docker.ts';
import { createSshTransport } from '../../src/transport/ssh/ssh-transport.ts';
import type { Outcome, Target } from '../../src/transport/transport.ts';
import { Secret } from '../../src/values/secret.ts';
import { never } from '../support/target.ts';
import { reached, runOn, start, stopFleets } from './simulated-host.ts';

const gib = 1024 ** 3;
stopFleets();

const targetOf = (fleet: Fleet, host: FleetHost, more: Partial<Target> = {}): Target =>
  reached(fleet, host, { become: 'sudo', ...more });
const run = (fleet: Fleet, host: FleetHost, script: string, more: Partial<Target> = {}): Promise<Outcome> =>
  runOn(fleet, host, script, { become: 'sudo', ...more });

const dm = (more: Partial<HostSpec> = {}): HostSpec => ({
  name: 'web-1',
  kind: 'dm-xfs',
  containers: [{ name: 'app-1', bytes: 10 * gib }],
  ...more,
});

describe('a simulated host', () => {
  it('is reached with the real transport and runs what it is told as root', async () => {
    const { fleet, host } = await start(dm());
    expect(await run(fleet, host, 'id -un; ls /dev/mapper | grep -c .; printf no >&2; exit 7')).toMatchObject({
      status: 7,
      stdout: 'root\n1\n',
      stderr: 'no',
    });
  });

  it.each([
    ['nopasswd', undefined],
    [{ password: 'c0rrect h*rse' }, 'c0rrect h*rse'],
  ] as const)('has sudo %j', async (sudo, password) => {
    const { fleet, host } = await start(dm({ sudo }));
    expect(host.user).toBe('ops');
    const outcome = await run(
      fleet,
      host,
      'id -un; docker ps -q | grep -c .',
      password === undefined ? {} : { becomePassword: new Secret(password) },
    );
    expect(outcome).toMatchObject({ status: 0, stdout: 'root\n1\n' });
  });

  it('refuses a wrong sudo password, and a user who may not use sudo', async () => {
    const { fleet, host } = await start(dm({ sudo: { password: 'right' } }), dm({ name: 'web-2', sudo: 'no' }));
    const [, second] = fleet.hosts;
    if (second === undefined) throw new Error('no second host');
    await expect(run(fleet, host, 'true', { becomePassword: new Secret('wrong') })).rejects.toMatchObject({
      code: 'privilege-password',
    });
    await expect(run(fleet, host, 'true')).rejects.toMatchObject({ code: 'privilege-denied' });
    await expect(run(fleet, second, 'true')).rejects.toMatchObject({ code: 'privilege-denied' });
  });

  it('says so, loudly, when it does not know a call', async () => {
    const { fleet, host } = await start(dm());
    for (const call of [
      'docker network ls',
      'dmsetup message x 0 y',
      'xfs_growfs -L 5 /',
      'xfs_io -c freeze /var/lib/docker',
      'systemctl mask docker',
      'mount -o remount,rw /dev/mapper/x /var/lib/plimsoll',
      'docker inspect --size app-1',
      'lvextend -L +1G vg/lv',
      'reboot',
    ]) {
      const outcome = await run(fleet, host, call);
      expect(outcome, call).toMatchObject({ status: 2 });
      expect(outcome.stderr).toContain('sim: unsupported call');
    }
  });

  it('keeps hostile names and labels as they are, and runs none of them', async () => {
    const names = [
      'x; touch "$SIM_STATE/owned"',
      "it's",
      '$(touch $SIM_STATE/owned)',
      '\u001b[2J\u001b]0;owned\u0007',
      '{{json .}}',
      '-rf',
      'a\nb',
      '`id`',
      '../../etc',
      'ünï',
    ];
    const specs = names.map((name) => ({ name, bytes: 10 * gib, labels: { [name]: name } }));
    const { fleet, host } = await start(dm({ containers: specs }));
    const outcome = await run(fleet, host, containers.script);
    const found = containers.parse(outcome, []);
    expect(found.map(({ name }) => name).sort()).toEqual([...names].sort());
    for (const { name, labels } of found) expect(labels).toEqual({ [name]: name });
    const stopped = await run(
      fleet,
      host,
      `set -- ${found.map(({ id }) => id).join(' ')}; docker stop -t 0 "$@" >/dev/null && docker start "$@" | grep -c .`,
    );
    expect(stopped).toMatchObject({ status: 0, stdout: `${String(names.length)}\n`, stderr: '' });
    expect(existsSync(join(host.directory, 'state/owned'))).toBe(false);
  });

  it.each(['no-docker', 'old-docker'] as const)('of kind %s is told apart', async (kind) => {
    const { fleet, host } = await start({ name: 'odd', kind });
    const outcome = await run(fleet, host, dockerInfo.script);
    expect(() => dockerInfo.parse(outcome, [])).toThrow(
      expect.objectContaining({ code: kind === 'no-docker' ? 'no-docker' : 'unsupported' }),
    );
  });

  it('really writes the record, which a restart of the daemon reads', async () => {
    const { fleet, host } = await start(dm());
    const folder = join(host.directory, 'root/var/lib/docker/devicemapper/metadata');
    const outcome = await run(
      fleet,
      host,
      `N=$(docker inspect --type container --format '{{.GraphDriver.Data.DeviceName}}' app-1); F=/var/lib/docker/devicemapper/metadata/\${N##*-}
sed 's/"size":[0-9]*/"size":21474836480/' "$F" >"\${F%/*}/.t" && mv "\${F%/*}/.t" "$F"; echo "\${F##*/}"
docker inspect --type container --format '{{.GraphDriver.Data.DeviceSize}}' app-1; systemctl restart docker; docker inspect --type container --format '{{.GraphDriver.Data.DeviceSize}}' app-1`,
    );
    const [hash = '', before, after] = outcome.stdout.split('\n');
    expect([before, after]).toEqual([String(10 * gib), String(20 * gib)]);
    expect(JSON.parse(await readFile(join(folder, hash), 'utf8'))).toMatchObject({ size: 20 * gib });
  });

  it('without live-restore stops its containers with the daemon, and starts those that want it', async () => {
    const { fleet, host } = await start(
      dm({
        liveRestore: false,
        containers: [
          { name: 'app-1', bytes: 10 * gib },
          { name: 'app-2', bytes: 10 * gib, restart: 'always' },
        ],
      }),
    );
    expect(await run(fleet, host, "systemctl restart docker; docker ps --format '{{.Names}}'")).toMatchObject({
      status: 0,
      stdout: 'app-2\n',
    });
  });
});

describe('what goes wrong with a simulated host', () => {
  it('is done to the calls that match, and can be changed while it runs', async () => {
    const { fleet, host } = await start(
      dm({ faults: [{ tool: 'dmsetup', when: 'resume *', action: 'fail', argument: 5 }] }),
    );
    expect(await run(fleet, host, 'dmsetup resume x; echo $?; dmsetup ls | grep -c pool')).toMatchObject({
      stdout: '5\n1\n',
    });
    await host.setFaults([
      { tool: 'docker', action: 'print', argument: '\\033[31mnoise\\033[0m' },
      { tool: 'blockdev', action: 'flood', argument: 100_000 },
    ]);
    expect(
      await run(
        fleet,
        host,
        'docker ps -q | head -n 1; blockdev --getsz x 2>/dev/null | wc -c; dmsetup resume x 2>/dev/null; echo $?',
      ),
    ).toMatchObject({ stdout: '\u001b[31mnoise\u001b[0m\n100000\n1\n' });
  });

  it('a command that hangs is ended by its time-out', async () => {
    const { fleet, host } = await start(dm({ faults: [{ tool: 'docker', action: 'hang' }] }));
    await expect(run(fleet, host, 'docker ps', { commandTimeoutMs: 300 })).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('a login that is refused', async () => {
    const { fleet, host } = await start(dm({ refuseAuthentication: true }));
    await expect(run(fleet, host, 'true')).rejects.toMatchObject({ code: 'auth-failed' });
  });

  it('a connection that is cut', async () => {
    const { fleet, host } = await start(dm({ dropAfterBytes: 20_000 }));
    await expect(run(fleet, host, 'head -c 200000 /dev/zero | tr "\\0" x')).rejects.toMatchObject({
      code: 'connection-lost',
    });
  });

  it('latency is added to every round trip', async () => {
    const { fleet, host } = await start(dm({ latencyMs: 40 }));
    const began = performance.now();
    expect(await run(fleet, host, 'echo there')).toMatchObject({ stdout: 'there\n' });
    // A lower bound only: version, key exchange, authentication and a command are four round trips at least.
    expect(performance.now() - began).toBeGreaterThan(4 * 40);
  });
});

describe('a fleet', () => {
  it('does not kill what runs when its connection goes away: it meets end of file and ends by itself', async () => {
    const { fleet, host } = await start(dm());
    const shell = await openShell(fleet, host);
    const [started, proof] = ['started', 'proof'].map((name) => join(host.directory, 'state', name));
    const cut = shell
      .run(
        'trap "" PIPE HUP; : >"$SIM_STATE/started"; while [ ! -e "$SIM_STATE/go" ]; do sleep 0.05; done; echo done >"$SIM_STATE/proof"',
      )
      .catch(() => undefined);
    await expect.poll(() => existsSync(started ?? '')).toBe(true);
    shell.end();
    await cut;
    await writeFile(join(host.directory, 'state/go'), '');
    await expect.poll(() => existsSync(proof ?? '')).toBe(true);
  });

  it('leaves no process and no file behind, not even of what hangs in a session of its own', async () => {
    const { fleet, host } = await start(dm({ faults: [{ tool: 'docker', action: 'hang' }] }));
    const shell = await openShell(fleet, host);
    await shell.run('setsid sleep 1000 >/dev/null 2>&1 & setsid docker ps >/dev/null 2>&1 &');
    expect((await processesOf(fleet)).length).toBeGreaterThan(0);
    shell.end();
    await fleet.stop();
    expect(await processesOf(fleet)).toEqual([]);
    expect(existsSync(fleet.directory)).toBe(false);
  });

  it('has an inventory that plimsoll reads', async () => {
    const { fleet } = await start(dm(), dm({ name: 'db-1', sudo: { password: 'x' } }));
    const path = await fleet.writeTo(join(fleet.directory, 'inventory'));
    const inventory = await loadInventory([path], nodeConfigIo({}));
    expect([...inventory.hosts.keys()]).toEqual(['web-1', 'db-1']);
    expect(inventory.warnings).toEqual([]);
  });

  it('of fifty hosts answers all at once', async () => {
    const { fleet } = await start(...Array.from({ length: 50 }, (_, index) => dm({ name: `web-${String(index)}` })));
    const transport = createSshTransport();
    const names = await Promise.all(
      fleet.hosts.map(async (host) => {
        const connection = await transport.connect(
          targetOf(fleet, host, { connectTimeoutMs: 60_000, commandTimeoutMs: 60_000 }),
          never,
        );
        const outcome = await connection.run({ script: containers.script });
        await connection.close();
        return containers.parse(outcome, []).map(({ name }) => name);
      }),
    );
    await transport.close();
    expect(names).toEqual(fleet.hosts.map(() => ['app-1']));
  });
});

/** The simulated hosts' processes carry the fleet's directory in their environment. */
async function processesOf(fleet: Fleet): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const found = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')).includes(fleet.directory) ? [pid] : [],
    ),
  );
  return found.flat();
}
