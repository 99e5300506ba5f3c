// lab: 400 s, copy_volume
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { labFleet } from '../lab-fleet.ts';

const playbook = [
  'playbooks/move-bind-to-volume.yaml',
  '-e',
  'container=app',
  '-e',
  'directory=/srv/app',
  '-e',
  'volume=app-data',
];

describe('playbooks/move-bind-to-volume.yaml', () => {
  let fleet: LabFleet;
  let machine: Machine;
  let run = '';

  beforeAll(async () => {
    fleet = await labFleet(['overlay2-28']);
    const [only] = fleet.machines;
    if (only === undefined) throw new Error('no machine');
    machine = only;
    // It writes all the time, so that what the first pass copies is never the whole.
    await machine.sh(`mkdir -p /srv/app/sub && cd /srv/app && head -c 3M /dev/urandom >random && ln random linked && mkfifo pipe && ln -s nowhere sub/link && truncate -s 5M sub/hollow && chown 12:34 . && chmod 2770 .
docker run -d --name app -v /srv/app:/data -v named:/kept -e TOKEN=t --label tier=front --restart unless-stopped busybox:lab sh -c 'trap exit TERM; n=0; while :; do n=$((n + 1)); echo "$TOKEN $n" >>/data/log; sleep 1 & wait $!; done'`);
  });
  afterAll(() => fleet.stop());

  const contentOf = (directory: string): Promise<string> =>
    machine.sh(
      `cd ${directory} && find . ! -path ./log ! -path . \\( -type d -printf '%p %y %m %U:%G %T@\\n' -o -printf '%p %y %m %U:%G %s %b %T@ %n %l\\n' \\) | sort && stat -c '%a %u:%g' . && sha256sum random sub/hollow`,
    );
  const idOf = async (container: string): Promise<string> =>
    (await machine.sh(`docker inspect -f '{{.Id}}' ${container}`)).trim();
  const destination = '/var/lib/docker/volumes/app-data/_data';

  it('moves what a running container writes into a volume, and loses nothing of it', async () => {
    const before = await contentOf('/srv/app');
    const old = await idOf('app');
    const apply = await fleet.run('apply', ...playbook, '--yes');
    expect(apply.code, apply.stdout + apply.stderr).toBe(0);
    run = /run (\d{8}-\d{6}-[0-9a-f]+)/.exec(apply.stdout)?.[1] ?? '';

    expect(await idOf('app')).not.toBe(old);
    expect(
      await machine.sh(
        `docker inspect -f '{{range .Mounts}}{{.Destination}} {{.Type}} {{.Name}}{{println}}{{end}}' app | sort`,
      ),
    ).toBe('\n/data volume app-data\n/kept volume named\n');
    expect(
      await machine.sh(
        "docker inspect -f '{{.State.Running}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Labels.tier}}' app",
      ),
    ).toBe('true unless-stopped front\n');
    expect(await contentOf(destination)).toBe(before);
    expect(await contentOf('/srv/app')).toBe(before);
    // All that the old one wrote, without a gap; then the new one, which begins at 1 again.
    const written = (await machine.sh('cat /srv/app/log')).trim().split('\n');
    expect(written).toEqual(written.map((_, index) => `t ${String(index + 1)}`));
    const now = (await machine.sh('docker exec app cat /data/log')).trim().split('\n');
    expect(now.slice(0, written.length)).toEqual(written);
    expect(now[written.length]).toBe('t 1');
  });

  it('keeps the directory, and the old container until finalize', async () => {
    expect(await machine.sh("docker ps -a --filter name=app-old --format '{{.State}}'")).toBe('exited\n');
    const finalize = await fleet.run('finalize', run, '--yes');
    expect(finalize.code, finalize.stdout + finalize.stderr).toBe(0);
    expect(
      await machine.sh(
        'docker ps -a --format "{{.Names}}" | grep app; docker volume ls -q | sort; test -f /srv/app/random',
      ),
    ).toBe('app\napp-data\nnamed\n');
  });
});
