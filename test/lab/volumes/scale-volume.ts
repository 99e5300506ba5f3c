import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { Ran } from '../../support/plimsoll.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { jsonLines, labFleet } from '../lab-fleet.ts';

const MiB = 1024 ** 2;
const scale = (target: string, ...more: readonly string[]): readonly string[] => [
  'playbooks/scale-volume.yaml',
  '-e',
  'volume=foo',
  '-e',
  `target=${target}`,
  ...more.flatMap((pair) => ['-e', pair]),
];
const shrink = (target: string): readonly string[] => [
  'playbooks/shrink-volume.yaml',
  '-e',
  'container=app',
  '-e',
  'path=/data',
  '-e',
  `target=${target}`,
  '-e',
  'margin=1MiB',
];

/** One after another: every test goes on from the one before. A file for each machine, since it takes a quarter of an hour. */
export function describeScaleVolume(kind: 'overlay2-20' | 'overlay2-28'): void {
  describe(`scale_volume on ${kind}`, () => {
    tests(kind);
  });
}

function tests(kind: 'overlay2-20' | 'overlay2-28'): void {
  let fleet: LabFleet;
  let machine: Machine;

  beforeAll(async () => {
    fleet = await labFleet([kind]);
    const [only] = fleet.machines;
    if (only === undefined) throw new Error('no machine');
    machine = only;
    // It ends on SIGTERM at once: where `docker restart` has to kill, Docker 20.10 may unmount the root of the restarted container, and every exec fails (moby#43402).
    await machine.sh(`docker volume create --opt size=20M foo
docker run -d --name app -v foo:/data -e TOKEN=t --restart unless-stopped busybox:lab sh -c 'trap exit TERM; sleep 1000000 & wait'
docker exec app sh -c 'dd if=/dev/urandom of=/data/random bs=1M count=3; echo hello >/data/.hidden; ln /data/random /data/linked; mkfifo /data/pipe; chown 12:34 /data; chmod 2770 /data'`);
  });
  afterAll(() => fleet.stop());

  interface App {
    readonly id: string;
    readonly startedAt: string;
    readonly volume: string;
  }
  async function app(): Promise<App> {
    const [id = '', startedAt = '', volume = '', ...more] = (
      await machine.sh(
        "docker inspect -f '{{.Id}} {{.State.StartedAt}} {{(index .Mounts 0).Name}} {{.State.Running}}' app",
      )
    )
      .trim()
      .split(' ');
    expect(more).toEqual(['true']);
    return { id, startedAt, volume };
  }

  /**
   * Where the container has it mounted: exactly what fits can be written, and no byte more. Into a file that has no
   * name, so that a rollback still sees what the copy has left; it is of the volume's project like any other.
   */
  async function holdsExactly(bytes: number): Promise<void> {
    const { stdout: printed } =
      await machine.exec(`cd /proc/$(docker inspect -f '{{.State.Pid}}' app)/root/data && set -- $(df -B1 --output=size,used . | tail -n 1)
room=$(($1 - $2)); echo "size $1 room $room"
xfs_io -T -c "pwrite -b 64k 0 $room" -c "pwrite -b 64k $room 4096" . 2>&1`);
    const room = new RegExp(`^size ${String(bytes)} room ([1-9]\\d+)\n`).exec(printed)?.[1] ?? '';
    expect(printed).toContain(`wrote ${room}/${room} bytes at offset 0\n`);
    expect(printed).toMatch(/^pwrite: No space left on device$/m);
  }

  const contentOf = (volume: string): Promise<string> =>
    machine.sh(
      `cd /var/lib/docker/volumes/${volume}/_data && find . -printf '%p %y %m %U:%G %s %T@ %n\\n' | sort && sha256sum random .hidden`,
    );
  const left = (): Promise<string> => machine.sh('docker volume ls -q; docker ps -a --format "{{.Names}}" | grep app');

  async function restartContainer(): Promise<void> {
    expect(await machine.sh('docker restart app >/dev/null && docker exec app cat /data/.hidden')).toBe('hello\n');
  }
  async function restartBoth(): Promise<void> {
    await machine.sh('systemctl reset-failed docker docker.socket; systemctl restart docker');
    await restartContainer();
  }

  async function succeeds(...args: readonly string[]): Promise<Ran> {
    const ran = await fleet.run(...args);
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    return ran;
  }
  const nothingIsLeft = (args: readonly string[]): Promise<Ran> => succeeds('plan', ...args, '--detailed-exitcode');
  const runOf = (ran: Ran): string => /run (\d{8}-\d{6}-[0-9a-f]+)/.exec(ran.stdout)?.[1] ?? '';

  it('in place: larger, with no downtime, lastingly', async () => {
    const daemon = (): Promise<string> => machine.sh('systemctl show -P MainPID docker');
    const before = [await contentOf('foo'), await app(), await daemon()];
    await succeeds('apply', ...scale('32MiB', 'restart_daemon=true'), '--yes');
    expect([await contentOf('foo'), await app()]).toEqual(before.slice(0, 2));
    expect(await daemon()).not.toBe(before[2]);
    await holdsExactly(32 * MiB);
    await restartContainer();
    await holdsExactly(32 * MiB);
    await nothingIsLeft(scale('32MiB'));
  });

  it('in place: smaller; says what is owed without a restart of the daemon, and what a start before that does', async () => {
    const apply = await succeeds('apply', ...shrink('24MiB'), '--yes');
    expect(apply.stdout).toMatch(
      /still owed:\n.*foo is 24 MiB now, but the daemon reads that only when it starts next/,
    );
    await holdsExactly(24 * MiB);
    await restartContainer();
    await holdsExactly(32 * MiB);
    await succeeds('apply', ...scale('24MiB', 'restart_daemon=true'), '--yes');
    await restartContainer();
    await holdsExactly(24 * MiB);
  });

  it('by copy: larger; the result names the new container, and what that has written is not thrown away by a rollback', async () => {
    const before = await contentOf('foo');
    const old = await app();
    const shown = join(fleet.directory, 'shown.yaml');
    await writeFile(
      shown,
      'name: Scale\nhosts: all\nsteps:\n  - scale_volume: { volume: foo, size: 40MiB, method: copy, gate: { seconds: 2 } }\n    register: scaled\n  - command: [printf, "%s", "${{ string(scaled.volume) }} ${{ scaled.containers[0].name }} ${{ scaled.containers[0].id }} ${{ scaled.containers[0].was }}"]\n',
    );
    const apply = await succeeds('apply', shown, '--yes', '--output', 'json');
    const run = String(jsonLines(apply).find(({ type }) => type === 'run.finished')?.['runId']);
    const fresh = await app();
    expect(fresh.id).not.toBe(old.id);
    const printed = jsonLines(apply)
      .filter(({ type }) => type === 'action.output')
      .map(({ text }) => String(text))
      .join('');
    // Every version has a number, also one that was made in place.
    expect(fresh.volume).toMatch(/^foo-[1-9]$/);
    expect(printed).toContain(`${fresh.volume} app ${fresh.id} ${old.id}`);
    expect(await contentOf(fresh.volume)).toBe(before);
    expect(await machine.sh('docker inspect -f "{{json .Config.Env}} {{.HostConfig.RestartPolicy.Name}}" app')).toMatch(
      /TOKEN=t.*unless-stopped/,
    );
    await holdsExactly(40 * MiB);
    await restartBoth();
    await holdsExactly(40 * MiB);

    await machine.sh("docker exec app sh -c 'echo more >>/data/.hidden && echo hello >/data/.hidden'");
    const rollback = await fleet.run('rollback', run, '--yes');
    expect(rollback.code, rollback.stdout).not.toBe(0);
    expect(rollback.stdout).toMatch(/something has written to it since/);
    const kept = await app();
    expect(kept).toMatchObject({ id: fresh.id, volume: fresh.volume });
    // A rollback was begun: first it is to be said which way it goes.
    const tooEarly = await fleet.run('finalize', run, '--yes');
    expect([tooEarly.code, tooEarly.stderr]).toEqual([
      2,
      expect.stringContaining('not finalized, because a host must be done or rolled back first'),
    ]);
    await succeeds('resume', run, '--yes');
    expect(await app()).toEqual(kept);
    await succeeds('finalize', run, '--yes');
    await nothingIsLeft(scale('40MiB', 'method=copy'));
    expect(await left()).toBe(`${fresh.volume}\napp\n`);
  });

  it('by copy: smaller; a new volume that is full stops nothing, and a rollback brings back what was', async () => {
    const old = await app();
    const before = await contentOf(old.volume);
    const refused = await fleet.run('apply', ...scale('3MiB', 'method=copy'), '--yes');
    expect(refused.code, refused.stdout).toBe(4);
    expect(refused.stdout).toMatch(
      new RegExp(`${old.volume} uses 3[.0-9]* MiB, and with a margin of 16 MiB that is more than the 3 MiB wanted`),
    );

    // What the preview could not know: the container writes more than fits as soon as there is a new volume.
    const directory = `/var/lib/docker/volumes/${old.volume}/_data`;
    await machine.sh(
      `cd ${directory} && touch -r . /root/was && { (set -- ../../foo-*; while [ $# -lt 2 ]; do sleep 0.1; set -- ../../foo-*; done; head -c 30M /dev/urandom >surplus) >/dev/null 2>&1 </dev/null & }`,
    );
    const full = await fleet.run('apply', ...scale('24MiB', 'method=copy'), '--yes');
    expect(full.code, full.stdout).toBe(1);
    expect(full.stdout).toMatch(/No space left on device/);
    expect(await app()).toEqual(old);

    await machine.sh(`cd ${directory} && rm surplus && touch -r /root/was .`);
    await succeeds('resume', runOf(full), '--yes');
    const fresh = await app();
    expect(fresh.volume).not.toBe(old.volume);
    expect(await contentOf(fresh.volume)).toBe(before);
    await holdsExactly(24 * MiB);
    await restartBoth();
    await holdsExactly(24 * MiB);

    await succeeds('rollback', runOf(full), '--yes');
    expect(await app()).toMatchObject({ id: old.id, volume: old.volume });
    expect(await contentOf(old.volume)).toBe(before);
    expect(await left()).toBe(`${old.volume}\napp\n`);
    await holdsExactly(40 * MiB);
  });
}
