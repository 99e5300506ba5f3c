// lab: 50 s, clean_volumes remove_container
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ran } from '../../support/plimsoll.ts';
import { nativeFleet, type NativeFleet } from '../native-fleet.ts';

const inOrder = { concurrent: false };

interface Size {
  /** Volumes that containers have. */
  readonly used: number;
  /** Volumes that nobody uses, beside two with odd names. */
  readonly scraps: number;
}

/** And five that are not cleaned up: bound by a path, by way of a link, with something mounted in it, with nothing of its own, not asked for. */
const arrange = ({ used, scraps }: Size): string => `set -e
# What is mounted is made with its container. In five containers, one of which has never been started, and one of which has ended.
for c in 0 1 2 3 4; do
  set --
  for n in $(seq 1 ${String(used)}); do [ $((n % 5)) -ne "$c" ] || set -- "$@" -v "used-$n:/v/$n"; done
  docker create --name "user-$c" "$@" busybox:lab sleep 1000000 >/dev/null
done
docker start user-0 user-1 user-2 user-3 >/dev/null
docker stop -t 0 user-3 >/dev/null
set --
for n in $(seq -w 1 ${String(scraps)}); do set -- "$@" -v "scrap-$n:/v/$n"; done
docker create --name scrap "$@" busybox:lab true >/dev/null && docker rm scrap >/dev/null
docker volume create 0.a_b-..-Z >/dev/null
docker volume create --label 'note=a "quoted" $(touch /run/owned) \`x\` ; é' 9__odd.name- >/dev/null
docker volume create bound >/dev/null
docker volume create linked >/dev/null
docker volume create mounted >/dev/null
docker volume create --opt type=tmpfs --opt device=tmpfs elsewhere >/dev/null
docker volume create kept-by-name >/dev/null
docker create --name binder -v /var/lib/docker/volumes/bound/_data/below:/x busybox:lab true >/dev/null
mkdir -p /srv/else && ln -s /var/lib/docker/volumes/linked/_data /srv/else/link
docker create --name linker -v /srv/else/link:/x busybox:lab true >/dev/null
mount -t tmpfs mounted /var/lib/docker/volumes/mounted/_data
for v in /var/lib/docker/volumes/*/_data; do printf '%s\\n' "$v" >"$v/is"; done
ln /var/lib/docker/volumes/scrap-07/_data/is /var/lib/docker/volumes/scrap-07/_data/.linked; chown 12:34 /var/lib/docker/volumes/scrap-07/_data/is
docker volume ls -q | wc -l`;

const scrap = (n: number): string => `scrap-${String(n).padStart(2, '0')}`;
const odd = ['0.a_b-..-Z', '9__odd.name-'] as const;

const rows = [
  { kind: 'overlay2-28', used: 195, scraps: 98, dangling: 100, all: 300 },
  { kind: 'overlay2-20', used: 35, scraps: 18, dangling: 20, all: 60 },
] as const;

describe.each(rows)(
  'clean_volumes on $kind, of $dangling dangling volumes among $all',
  ({ kind, used, scraps, dangling: number, all }) => {
    const dangling = [...odd, ...Array.from({ length: scraps }, (_, index) => scrap(index + 1))].toSorted();
    let fleet: NativeFleet;
    let file = '';
    let run = '';
    let before = '';

    const clean = { named: true, except: ['kept-*'], keep_for: '2h' };
    const inQuarantine = async (): Promise<readonly string[]> =>
      (await fleet.machine.sh('ls /var/lib/plimsoll/quarantine 2>/dev/null || true'))
        .split('\n')
        .filter((name) => name !== '')
        .toSorted();
    const names = async (): Promise<readonly string[]> =>
      (await fleet.machine.sh('docker volume ls -q')).trim().split('\n').toSorted();
    const contents = (): Promise<string> =>
      fleet.machine.sh(
        `cd /var/lib/docker/volumes && find . -mindepth 1 -printf '%p %y %m %U:%G %s %T@ %i %n\\n' | grep -v -e metadata.db -e backingFsBlockDev | sort && cat */_data/is`,
      );
    async function succeeds(...args: readonly string[]): Promise<Ran> {
      const ran = await fleet.run(...args);
      expect(ran.code, ran.stdout.slice(-3000) + ran.stderr).toBe(0);
      return ran;
    }

    beforeAll(async () => {
      fleet = await nativeFleet(kind);
      expect((await fleet.machine.sh(arrange({ used, scraps }))).trim()).toBe(String(all));
      before = await contents();
      file = await fleet.playbook(
        'clean',
        { name: 'Clean up', clean_volumes: clean, register: 'cleaned' },
        {
          command: {
            argv: "${{ ['sh', '-c', 'printf \"%s\\\\n\" \"$@\" >/run/registered', 'sh'] + cleaned.quarantine.map(q, q.volume) }}",
          },
        },
      );
    });
    afterAll(() => fleet.stop());

    it(
      'shows what it would do, and does nothing: one text for all of them, and why the others stay',
      inOrder,
      async () => {
        const plan = await succeeds('plan', file, '-o', join(fleet.directory, 'saved.plan.json'));
        expect(plan.stdout).toMatch(/<volume>: into quarantine for 2h/);
        expect(plan.stdout).toMatch(new RegExp(`each of these ${String(number)}: .*scrap-\\[01-${String(scraps)}\\]`));
        expect(plan.stdout).toMatch(
          /mounted stays: something is mounted at \/var\/lib\/docker\/volumes\/mounted\/_data/,
        );
        expect(plan.stdout).toMatch(new RegExp(`to change \\(${String(number)} changes\\)`));
        expect(plan.stdout.split('\n').length).toBeLessThan(80);
        expect(await contents()).toBe(before);
        expect(await inQuarantine()).toEqual([]);
      },
    );

    it(
      'by the saved plan: one that a container has got since stays, and all others go into quarantine, where they are as they were',
      inOrder,
      async () => {
        await fleet.machine.sh(
          `docker create --name again -v ${scrap(12)}:/data busybox:lab true; docker volume create late`,
        );
        await succeeds('apply', join(fleet.directory, 'saved.plan.json'), '--yes');
        run = await fleet.newestRun();
        expect(await inQuarantine()).toEqual(dangling.filter((name) => name !== scrap(12)));
        expect((await fleet.machine.sh('cat /run/registered')).trim().split('\n').toSorted()).toEqual(
          dangling.filter((name) => name !== scrap(12)),
        );
        await fleet.machine.sh('docker volume rm late; rm -rf /var/lib/docker/volumes/late');
        expect(await contents()).toBe(before);
        expect(await fleet.machine.sh('ls /run/owned 2>/dev/null || true')).toBe('');
      },
    );

    it('has nothing to do when it is asked again, and says until when', inOrder, async () => {
      const again = await succeeds(
        'plan',
        await fleet.playbook('again', { clean_volumes: clean }),
        '--detailed-exitcode',
      );
      expect(again.stdout).toContain(`${String(number - 1)} in quarantine`);
      expect(again.stdout).toMatch(
        new RegExp(
          `still owed: ${String(number - 1)} volumes are in quarantine until \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC`,
        ),
      );
    });

    it('is taken back by a rollback, also of one that is used again', inOrder, async () => {
      await fleet.machine.sh(`docker create --name meanwhile -v ${scrap(15)}:/data busybox:lab true`);
      await succeeds('rollback', run, '--yes');
      expect(await inQuarantine()).toEqual([]);
      expect(await names()).toHaveLength(all);
      expect(await contents()).toBe(before);
      await fleet.machine.sh('docker rm meanwhile');
    });

    it(
      'outlives a restart of the daemon; when its time has come it removes what nobody has used or written to since',
      inOrder,
      async () => {
        const short = await fleet.playbook('short', {
          clean_volumes: { named: true, name: ['scrap-0?', odd[0], odd[1]], keep_for: '1s' },
        });
        await succeeds('apply', short, '--yes');
        expect(await inQuarantine()).toHaveLength(11);
        // One is used, one is written to, one is another one by then; one is used and let go, which another run has seen.
        await fleet.machine.sh(`docker create --name uses -v ${scrap(1)}:/data busybox:lab true
echo more >>/var/lib/docker/volumes/${scrap(2)}/_data/is
docker volume rm ${scrap(3)} && docker volume create ${scrap(3)}
docker create --name passing -v ${scrap(4)}:/data busybox:lab true
pid=$(cat /run/docker.pid); kill "$pid"; while [ -d "/proc/$pid" ]; do sleep 0.2; done
setsid dockerd >/var/log/dockerd-2.log 2>&1 </dev/null &
until docker version >/dev/null 2>&1; do sleep 0.2; done`);
        const removing = await fleet.playbook('removing', {
          name: 'Remove',
          clean_volumes: { named: true, name: ['scrap-0?', odd[0], odd[1]], keep_for: '2h' },
        });
        const plan = await succeeds('plan', removing);
        expect(plan.stdout).toMatch(/removed for good, with all that they hold: no rollback brings that back/);
        expect(plan.stdout).toMatch(new RegExp(`${scrap(1)}: leaves quarantine: used by uses`));
        const apply = await succeeds('apply', removing, '--yes', '-v');
        expect(apply.stdout).toMatch(
          new RegExp(`${scrap(2)} stays in quarantine: something has written to it since that began`),
        );
        const left = await names();
        expect([...odd, ...[5, 6, 7, 8, 9].map(scrap)].filter((name) => left.includes(name))).toEqual([]);
        expect([1, 2, 3, 4].map(scrap).filter((name) => !left.includes(name))).toEqual([]);
        // The new one of an old name has a quarantine of its own, and so has what was written to.
        expect(await inQuarantine()).toEqual([2, 3].map(scrap));
        expect(left).toHaveLength(all - 7);

        await fleet.machine.sh('docker rm passing');
        await succeeds('apply', removing, '--yes');
        expect(await inQuarantine()).toEqual([2, 3, 4].map(scrap));
        expect(await names()).toHaveLength(all - 7);
      },
    );

    it(
      'removes at once only where that is said; takes anonymous volumes by default, and no others',
      inOrder,
      async () => {
        await fleet.machine.sh(
          `docker run --name made -v /a -v /b busybox:lab sh -c 'echo x >/a/x'; docker rm made; docker run --name holds -v /c busybox:lab true`,
        );
        const anonymous = (await names()).filter((name) => /^[0-9a-f]{64}$/.test(name));
        expect(anonymous).toHaveLength(3);
        const now = await fleet.playbook('now', { clean_volumes: { keep_for: 0 } });
        const plan = await succeeds('plan', now);
        expect(plan.stdout).toMatch(
          /2 volumes are removed for good, with all that they hold \(keep_for: 0\): no rollback brings that back/,
        );
        await succeeds('apply', now, '--yes');
        expect((await names()).filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(1);
        expect(await names()).toHaveLength(all - 7 + 1);
        expect((await succeeds('plan', now, '--detailed-exitcode')).stdout).toMatch(/no volume to be cleaned up/);
      },
    );

    it(
      'a container is removed with its own volumes in quarantine, and what has a name or is shared stays',
      inOrder,
      async () => {
        await fleet.machine.sh(
          `docker create --name neighbour -v /shared busybox:lab true && docker run --name leaving -v /own -v ${scrap(15)}:/named --volumes-from neighbour busybox:lab sh -c 'echo mine >/own/file'`,
        );
        const mounted = async (at: string): Promise<string> =>
          (
            await fleet.machine.sh(
              `docker inspect -f '{{range .Mounts}}{{if eq .Destination "${at}"}}{{.Name}}{{end}}{{end}}' leaving`,
            )
          ).trim();
        const own = await mounted('/own');
        const shared = await mounted('/shared');
        const before = await inQuarantine();
        const file = await fleet.playbook('remove', {
          remove_container: { container: 'leaving', anonymous_volumes: 'quarantine' },
        });
        expect((await succeeds('plan', file)).stdout).toMatch(
          /remove leaving \(exited\); 1 volume of it without a name into quarantine for 7d/,
        );
        await succeeds('apply', file, '--yes');
        expect(await inQuarantine()).toEqual([...before, own].toSorted());
        expect(await names()).toEqual(expect.arrayContaining([own, shared, scrap(15)]));
        expect(
          await fleet.machine.sh(
            `docker ps -a --format '{{.Names}}' | grep -c leaving || true; cat /var/lib/docker/volumes/${own}/_data/file`,
          ),
        ).toBe('0\nmine\n');
        expect((await succeeds('plan', file, '--detailed-exitcode')).stdout).toMatch(/there is no container leaving/);
        await fleet.machine.sh('docker rm neighbour');
      },
    );

    it('measures what is asked for by size', inOrder, async () => {
      await fleet.machine.sh(`head -c 3M /dev/urandom >/var/lib/docker/volumes/${scrap(17)}/_data/large`);
      const large = await fleet.playbook('large', { clean_volumes: { named: true, larger_than: '2MiB' } });
      const plan = await succeeds('plan', large);
      expect(plan.stdout).toMatch(new RegExp(`${scrap(17)}: into quarantine for 7d, 3[.\\d]* MiB`));
      expect(plan.stdout).toMatch(/\(1 change\)/);
    });
  },
);
