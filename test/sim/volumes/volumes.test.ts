import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet, FleetHost } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { besideNames, plimsoll } from '../../support/plimsoll.ts';

const mib = 1024 ** 2;
const fleets: Fleet[] = [];

const app = {
  name: 'app',
  volumes: { 'foo-0': '/data' },
  appends: '/data/log',
  restart: 'always',
  config: { Env: ['TOKEN=very-secret', 'A=1'] },
} as const;
const quota: HostSpec = {
  name: 'web-1',
  kind: 'overlay2-pquota',
  volumes: [{ name: 'foo-0', bytes: 20 * mib, size: '20M', files: { data: 'data\n' } }],
  containers: [app],
};

async function start(
  spec: HostSpec,
): Promise<{ readonly fleet: Fleet; readonly host: FleetHost; readonly ask: (script: string) => Promise<string> }> {
  const fleet = await startFleet([spec]);
  fleets.push(fleet);
  const [host] = fleet.hosts;
  if (host === undefined) throw new Error('no host');
  return { fleet, host, ask: async (script) => (await host.run(`exec 2>&1\n${script}`)).stdout };
}

afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

const size = (volume: string): string =>
  `df -B1 --output=size /var/lib/docker/volumes/${volume}/_data | tail -n 1 | tr -d ' '`;

// What the real ones do stands in the transcripts: volumes on XFS with project quotas, Docker 20.10.
describe('volumes of a simulated host', () => {
  it('get their limit when they are first mounted, and what lay there before is never charged', async () => {
    const { ask } = await start(quota);
    expect(
      await ask(
        `docker volume create --opt size=40M bar; ${size('bar')}; head -c 1M /dev/zero >/var/lib/docker/volumes/bar/_data/early`,
      ),
    ).toBe(`bar\n${String(50 * 1024 * mib)}\n`);
    expect(
      await ask(
        `docker create --name x -v bar:/x busybox:lab >/dev/null; docker cp x:/x - | tar tf -; ${size('bar')}; df -B1 --output=used /var/lib/docker/volumes/bar/_data | tail -n 1 | tr -d ' '`,
      ),
    ).toBe(`./\n./early\n${String(40 * mib)}\n0\n`);
  });

  it('are made once: another size under the same name changes nothing', async () => {
    const { ask } = await start(quota);
    expect(
      await ask(
        'docker volume create --label a=b --opt size=1G foo-0; docker volume inspect --format \'{{json .Labels}} {{index .Options "size"}}\' foo-0',
      ),
    ).toBe('foo-0\n{} 20M\n');
  });

  it('are not removed while a container has them, and have no limit when they are made again under their name', async () => {
    const { ask } = await start(quota);
    const id = (await ask('docker ps -aq --no-trunc')).trim();
    expect(await ask('docker volume rm foo-0')).toBe(
      `Error response from daemon: remove foo-0: volume is in use - [${id}]\n`,
    );
    const again = `docker rm -f app >/dev/null; docker volume rm foo-0; docker volume create --opt size=10M foo-0; docker create --name y -v foo-0:/y busybox:lab >/dev/null; docker start y; ${size('foo-0')}; docker stop y; systemctl restart docker; docker start y; ${size('foo-0')}`;
    expect(await ask(again)).toBe(`foo-0\nfoo-0\ny\n${String(50 * 1024 * mib)}\ny\ny\n${String(10 * mib)}\n`);
  });

  it('get the limit back that the daemon has read when it started, whenever a container is started', async () => {
    const { ask } = await start({ ...quota, liveRestore: false });
    const raise = `xfs_quota -x -c 'limit -p bsoft=51200k bhard=51200k 2' /var/lib/docker; ${size('foo-0')}; docker restart -t 0 app; ${size('foo-0')}`;
    expect(await ask(raise)).toBe(`${String(50 * mib)}\napp\n${String(20 * mib)}\n`);
    const record = '/var/lib/docker/volumes/foo-0/opts.json';
    expect(
      await ask(
        `sed -i s/20971520/52428800/ ${record}; docker restart -t 0 app; ${size('foo-0')}; systemctl restart docker; ${size('foo-0')}; docker volume inspect --format '{{index .Options "size"}}' foo-0`,
      ),
    ).toBe(`app\n${String(20 * mib)}\n${String(50 * mib)}\n20M\n`);
    expect(await ask(`: >${record}; systemctl restart docker >/dev/null 2>&1; echo $?; docker volume ls -q`)).toMatch(
      /^1\nCannot connect to the Docker daemon/,
    );
  });

  it('need quotas for a size', async () => {
    const { ask } = await start({ name: 'plain', kind: 'overlay2-plain' });
    expect(await ask('docker volume create --opt size=1M bar; docker volume create bar')).toBe(
      'Error response from daemon: create bar: quota size requested but no quota support\nbar\n',
    );
  });

  it('refuse what is not simulated, loudly', async () => {
    const { ask } = await start(quota);
    expect(
      await ask(
        'docker volume prune -f; echo $?; docker exec app true; echo $?; docker create --gpus all busybox:lab; echo $?',
      ),
    ).toBe(
      'sim: unsupported call: docker volume prune -f\n2\nsim: unsupported call: docker exec app true\n2\nsim: unsupported call: docker create --gpus all busybox:lab\n2\n',
    );
  });
});

describe('the program and volumes', () => {
  async function apply(fleet: Fleet, steps: readonly object[]): Promise<Ran> {
    const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
    const playbook = join(fleet.directory, 'playbook.yaml');
    await writeFile(playbook, JSON.stringify({ hosts: 'all', steps }));
    return plimsoll(['apply', playbook, '-i', inventory, '--yes'], { XDG_STATE_HOME: join(fleet.directory, 'runs') });
  }

  it('scales a volume by copy: its container goes on with the new one, and nothing that it wrote is lost', async () => {
    const { fleet, ask } = await start(quota);
    const steps = [
      { name: 'Scale', scale_volume: { volume: 'foo-0', size: '40MiB', method: 'copy', gate: { seconds: '1s' } } },
    ];
    const first = await apply(fleet, steps);
    expect([first.code, besideNames(first.stderr)]).toEqual([0, '']);
    expect(first.stdout).toContain('foo-1: a new volume of 40 MiB, with its quota in force');
    const id = (await ask("docker inspect --type container --format '{{.Id}}' app")).trim();
    expect(first.stdout).toContain(`app is ${id} now`);
    expect(first.stdout).not.toContain('very-secret');
    expect(
      await ask(
        `cd /var/lib/docker/volumes/foo-1/_data && cat data log; ${size('foo-1')}; docker ps --format '{{.Names}}'; docker inspect --type container --format '{{json .Config.Env}} {{.HostConfig.RestartPolicy.Name}}' app`,
      ),
    ).toBe(
      `data\napp stopped\napp started\n${String(40 * mib)}\napp\n["TOKEN=very-secret","A=1","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] always\n`,
    );
    const second = await apply(fleet, steps);
    expect([second.code, besideNames(second.stderr)]).toEqual([0, '']);
    expect(second.stdout).toContain('nothing to do');
    expect((await ask('docker volume ls -q')).trim()).toBe('foo-0\nfoo-1');
  });

  it('removes what is old when it is finalized, also after a rollback that failed because the new container has written', async () => {
    const { fleet, ask } = await start(quota);
    const first = await apply(fleet, [
      { name: 'Scale', scale_volume: { volume: 'foo-0', size: '40MiB', method: 'copy', gate: { seconds: '1s' } } },
    ]);
    expect(first.code, first.stdout).toBe(0);
    const [run = ''] = /\d{8}-\d{6}-[0-9a-f]{6}/.exec(first.stdout) ?? [];
    await ask('echo more >/var/lib/docker/volumes/foo-1/_data/more');
    const again = (mode: string): Promise<Ran> =>
      plimsoll([mode, run, '--yes'], { XDG_STATE_HOME: join(fleet.directory, 'runs') });
    const rollback = await again('rollback');
    expect([rollback.code, rollback.stdout]).toEqual([1, expect.stringContaining('something has written to it since')]);
    // Half rolled back, for all that the run knows: first it is to be said which way it goes.
    const tooEarly = await again('finalize');
    expect([tooEarly.code, tooEarly.stderr]).toEqual([
      2,
      expect.stringContaining('not finalized, because a host must be done or rolled back first: web-1 (failed)'),
    ]);
    const resume = await again('resume');
    expect([resume.code, besideNames(resume.stderr)]).toEqual([0, '']);
    const finalize = await again('finalize');
    expect([finalize.code, besideNames(finalize.stderr)]).toEqual([0, '']);
    expect(
      await ask(
        "docker volume ls -q; docker ps -a --format '{{.Names}} {{.State}}'; ls /var/lib/plimsoll/replacing 2>/dev/null; cat /var/lib/docker/volumes/foo-1/_data/more",
      ),
    ).toBe('foo-1\napp running\nmore\n');
    expect((await again('finalize')).stdout).toContain('has kept nothing that is not removed already');
  });

  it('recreates a container with what is asked, and everything else as it was', async () => {
    const { fleet, ask } = await start(quota);
    const was = (await ask("docker inspect --type container --format '{{.Id}}' app")).trim();
    const ran = await apply(fleet, [
      {
        name: 'Recreate',
        recreate_container: { container: 'app', env: { A: '2' }, memory: '64MiB', gate: { seconds: '1s' } },
      },
    ]);
    expect([ran.code, besideNames(ran.stderr)]).toEqual([0, '']);
    expect(ran.stdout).not.toContain('very-secret');
    expect(
      await ask(
        "docker inspect --type container --format '{{json (index .Config.Env)}} {{.HostConfig.Memory}} {{json .HostConfig.Binds}} {{.HostConfig.RestartPolicy.Name}}' app; docker ps -a --format '{{.Names}} {{.State}}' | sort",
      ),
    ).toBe(
      `["A=2","TOKEN=very-secret","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] 67108864 ["foo-0:/data"] always\napp running\napp-old-${was.slice(0, 12)} exited\n`,
    );
  });
});
