// lab: 300 s, recreate_container
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differingKeys, inspect, inspectLabelled, type Inspected } from './inspected.ts';
import { jsonLines } from '../lab-fleet.ts';
import { nativeFleet, type NativeFleet } from '../native-fleet.ts';

const kinds = ['overlay2-20', 'overlay2-28', 'containerd-28'] as const;

/** Each container's name, how many keys are identical, and of the others what they are and why they differ. */
const keepResult = {
  name: 'What it registers',
  command: {
    argv: `\${{ ['sh', '-c', 'printf "%s\\\\n" "$@" >/run/registered', 'sh'] + registered.containers.map(c, c.name + '|' + string(c.identical) + '|' + c.differences.map(d, d.kind + ' ' + d.what).join('|')) }}`,
  },
};

/** What Docker gives each container anew; of a mount, only its mode. */
const givenByDocker =
  /^(mount .+|Config\.Hostname|HostConfig\.PortBindings|network .+\.(NetworkID|EndpointID|Gateway|IPAddress|IPPrefixLen|IPv6Gateway|GlobalIPv6Address|GlobalIPv6PrefixLen|DNSNames|Aliases|MacAddress))$/;
/** Volumes without a name are mounted by their ids. */
const asked = /^(Config\.Labels|HostConfig\.Mounts)$/;

const aside = /-(old|new)-[0-9a-f]{12}$/;

// Beside one another: most of the time goes by while containers stop, and while new ones are watched.
describe.concurrent.each(kinds)('recreate_container on %s', (kind) => {
  let fleet: NativeFleet;
  let before: ReadonlyMap<string, Inspected>;
  beforeAll(async () => {
    fleet = await nativeFleet(kind);
    const made = await fleet.machine.exec('/bin/sh -s', {
      stdin: await readFile(join(import.meta.dirname, '../guest', 'corpus.sh'), 'utf8'),
    });
    expect(made.code, made.stderr).toBe(0);
    for (const line of made.stdout.split('\n').filter((text) => text !== ''))
      process.stdout.write(`NOT TESTED on ${kind}: ${line}\n`);
    before = await inspectLabelled(fleet.machine, 'corpus');
  });
  afterAll(() => fleet.stop());

  describe('one after the other', { concurrent: false }, () => {
    it('makes every container of the corpus anew, the same but for what is asked, and explains each key that differs', async () => {
      const { machine } = fleet;
      expect(before.size).toBeGreaterThanOrEqual(44);
      const recreate = { recreate_container: { label: 'corpus', labels: { generation: '2' }, gate: { seconds: 1 } } };
      const apply = await fleet.run(
        'apply',
        await fleet.playbook('all', { ...recreate, register: 'registered' }, keepResult),
        '--yes',
        '--output',
        'json',
      );
      expect(apply.code, apply.stdout.slice(-2000)).toBe(0);
      expect(
        jsonLines(apply).filter(({ type, step }) => type === 'change.applied' && step === 'recreate_container'),
      ).toHaveLength(before.size);

      const all = await inspectLabelled(machine, 'corpus');
      expect([...all.keys()].filter((name) => !aside.test(name)).toSorted()).toEqual([...before.keys()].toSorted());
      const registered = new Map(
        (await machine.sh('cat /run/registered'))
          .trim()
          .split('\n')
          .map((line) => [line.split('|')[0] ?? '', line.split('|').slice(1)]),
      );
      for (const [name, old] of before) {
        const fresh = all.get(name);
        const [identical, ...differences] = registered.get(name) ?? [];
        if (fresh === undefined || identical === undefined)
          throw new Error(`${name} is not there, or nothing is said of it`);
        expect(fresh.Id, name).not.toBe(old.Id);
        expect(fresh.State.Status, name).toBe(old.State.Status === 'exited' ? 'created' : old.State.Status);
        expect(Number(identical), name).toBeGreaterThan(60);
        expect(
          differences.filter((line) => !line.startsWith('asked ') && !line.startsWith('named-by-docker ')),
          name,
        ).toEqual([]);
        expect(
          differences.filter((line) => line.startsWith('asked ') && !asked.test(line.slice(6))),
          name,
        ).toEqual([]);
        expect(
          differences.filter((line) => line.startsWith('named-by-docker ') && !givenByDocker.test(line.slice(16))),
          name,
        ).toEqual([]);
        const withoutModes = ({ Mounts }: Inspected): readonly object[] =>
          Mounts.map((mount) => ({ ...mount, Mode: '' })).toSorted((a, b) => (a.Destination < b.Destination ? -1 : 1));
        expect(withoutModes(fresh), name).toEqual(withoutModes(old));
        const explained = new Set(differences.map((line) => line.replace(/^\S+ /, '')));
        expect(
          differingKeys(old, fresh).filter((key) => !explained.has(key)),
          name,
        ).toEqual([]);
        expect(explained, name).toContain('Config.Labels');
      }
      for (const name of ['own-mac', 'own-mac-on-network', 'own-macs']) {
        const macs = (one: Inspected | undefined): readonly unknown[] =>
          Object.values(one?.NetworkSettings.Networks ?? {}).map(({ MacAddress }) => MacAddress);
        expect(macs(all.get(name)), name).toEqual(macs(before.get(name)));
      }
    });

    it('leaves no volume, no directory and no secret behind, and has nothing to do when it is asked again', async () => {
      const { machine } = fleet;
      expect(await machine.sh('docker volume ls -qf dangling=true')).toBe('');
      expect(await machine.sh('ls /var/lib/plimsoll/replacing; ls -d /run/plimsoll.* 2>/dev/null; true')).toBe('');
      const secret = 'correct horse';
      expect((await machine.exec(`grep -rl '${secret}' /var/lib/plimsoll`)).stdout).toBe('');
      expect(JSON.stringify(await fleet.journal())).not.toContain(secret);
      const again = await fleet.run(
        'plan',
        await fleet.playbook('again', { recreate_container: { label: 'corpus', labels: { generation: '2' } } }),
        '--detailed-exitcode',
      );
      expect(again.code, again.stdout).toBe(0);
    });

    it('goes back to the old containers, and then removes the old ones of a second run', async () => {
      const { machine } = fleet;
      const file = await fleet.playbook('limit', {
        recreate_container: { container: 'plain', memory: '64MiB', env: { ADDED: 'given' }, gate: { seconds: 1 } },
      });
      const { Id } = await inspect(machine, 'plain');
      expect((await fleet.run('apply', file, '--yes')).code).toBe(0);
      expect(await machine.sh(`docker inspect -f '{{.HostConfig.Memory}} {{.Config.Env}}' plain`)).toMatch(
        /^67108864 .*ADDED=given/,
      );
      const back = await fleet.run('rollback', await fleet.newestRun(), '--yes');
      expect(back.code, back.stdout).toBe(0);
      expect(await inspect(machine, 'plain')).toMatchObject({ Id, State: { Running: true } });

      expect((await fleet.run('apply', file, '--yes')).code).toBe(0);
      const end = await fleet.run('finalize', await fleet.newestRun(), '--yes');
      expect(end.code, end.stdout).toBe(0);
      expect((await machine.exec(`docker inspect ${Id}`)).code).not.toBe(0);
    });

    it('leaves the old one running when the new one does not start, or the daemon does not make it', async () => {
      const { machine } = fleet;
      await machine.sh('docker run -d --name holds-port -p 2222:22 busybox:lab sleep 1000000');
      const { Id } = await inspect(machine, 'always');
      const noSize = kind === 'containerd-28' ? /the storage driver overlayfs has no sizes/ : /could not be created/;
      for (const [wanted, said] of [
        [{ ports: { 80: 2222 } }, /does not start/],
        [{ storage_size: '64MiB' }, noSize],
      ] as const) {
        const failed = await fleet.run(
          'apply',
          await fleet.playbook('fails', {
            recreate_container: { container: 'always', ...wanted, gate: { seconds: 1 } },
          }),
          '--yes',
        );
        expect(failed.code, failed.stdout).not.toBe(0);
        expect(failed.stdout).toMatch(said);
        expect(await inspect(machine, 'always')).toMatchObject({
          Id,
          State: { Running: true },
          HostConfig: { RestartPolicy: { Name: 'always' } },
        });
        expect(await machine.sh(`docker ps -a --format '{{.Names}}' | grep '^always-new' || true`)).toBe('');
      }
    });

    it('keeps ports that Docker has chosen, and mounts what is asked', async () => {
      const { machine } = fleet;
      const { Ports } = (await inspect(machine, 'random-port')).NetworkSettings;
      const pinned = await fleet.run(
        'apply',
        await fleet.playbook('pin', {
          recreate_container: { container: 'random-port', pin_ports: true, gate: { seconds: 1 } },
        }),
        '--yes',
      );
      expect(pinned.code, pinned.stdout).toBe(0);
      expect((await inspect(machine, 'random-port')).NetworkSettings.Ports).toEqual(Ports);

      await machine.sh('docker volume create lab-new');
      const mounts = {
        '/bound': { volume: 'lab-new', read_only: false },
        '/named': { bind: '/srv/lab-bind', read_only: true },
        '/other': null,
        '/added': { volume: 'lab-other' },
      };
      const mounted = await fleet.run(
        'apply',
        await fleet.playbook('mounts', { recreate_container: { container: 'binds', mounts, gate: { seconds: 1 } } }),
        '--yes',
      );
      expect(mounted.code, mounted.stdout).toBe(0);
      const is = (
        await machine.sh(
          `docker inspect -f '{{range .Mounts}}{{.Destination}} {{.Type}} {{if eq .Type "volume"}}{{.Name}}{{else}}{{.Source}}{{end}} {{.RW}}{{println}}{{end}}' binds`,
        )
      )
        .trim()
        .split('\n');
      expect(is.toSorted()).toEqual([
        '/added volume lab-other true',
        '/bound volume lab-new true',
        '/bound-mount bind /srv/lab-bind false',
        '/named bind /srv/lab-bind false',
      ]);
      const back = await fleet.run('rollback', await fleet.newestRun(), '--yes');
      expect(back.code, back.stdout).toBe(0);
    });

    it('refuses what must not be replaced, with the reason', async () => {
      const { machine } = fleet;
      await machine.sh(`docker run -d --name wrote busybox:lab sh -c 'echo data >/data/file; exec sleep 1000000'
        docker run -d --rm --name fleeting busybox:lab sleep 1000000
        docker run -d --name composed --label com.docker.compose.project=p --label com.docker.compose.service=s busybox:lab sleep 1000000
        docker create --name no-gpu --gpus all busybox:lab sleep 1000000; docker start no-gpu || true`);
      for (const [name, reason] of [
        ['wrote', /written to its own layer/],
        ['fleeting', /made with --rm/],
        ['composed', /Compose project p/],
        ['donor', /depend on donor/],
        ['no-gpu', /asks for devices \(a GPU\) that this host does not give/],
      ] as const) {
        const refused = await fleet.run(
          'apply',
          await fleet.playbook('refused', { recreate_container: { container: name, memory: '64MiB' } }),
          '--yes',
        );
        expect(refused.code, refused.stdout).toBe(4);
        expect(refused.stdout).toMatch(reason);
      }
    });

    // What it rests on that the new one has its policy from the beginning, and that the old one gives its own up.
    it('finds a daemon that leaves alone what has never run, and starts what was stopped by hand but is always to run', async () => {
      const { machine } = fleet;
      const states = await machine.sh(`docker create --name never --restart always busybox:lab sleep 1000000
        docker run -d --name was-stopped --restart always busybox:lab sleep 1000000
        docker stop -t 0 was-stopped
        pid=$(pidof dockerd)
        kill -9 $pid $(pidof containerd)
        while [ -e /proc/$pid ]; do sleep 0.1; done
        rm -f /run/docker.pid /run/docker/containerd/containerd.pid
        setsid dockerd >/var/log/dockerd.2.log 2>&1 </dev/null &
        until docker version >/dev/null 2>&1; do sleep 0.1; done
        docker inspect --format '{{.Name}} {{.State.Status}}' never was-stopped`);
      expect(states).toMatch(/\/never created\n\/was-stopped running\n$/);
    });
  });
});
