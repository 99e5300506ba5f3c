// lab: 400 s, src/survey/
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { HostSurvey } from '../../../src/survey/host-survey.ts';
import type { LabFleet } from '../lab-fleet.ts';
import { labFleet, stateOf } from '../lab-fleet.ts';
import { besideNames } from '../../support/plimsoll.ts';

const mib = 1024 ** 2;

/** A named volume, an anonymous one, a bind, both kinds of tmpfs, volumes-from, and a volume that nobody uses. */
const scene = `set -e; mkdir -p /srv/shared
docker volume create named >/dev/null; docker volume create dangling >/dev/null
docker run -d --name app -v named:/data -v /anon -v /srv/shared:/host:ro --tmpfs /run busybox:lab sleep 1000000 >/dev/null
docker run -d --name helper --volumes-from app:ro busybox:lab sleep 1000000 >/dev/null
docker run -d --name scratch --mount type=tmpfs,destination=/scratch busybox:lab sleep 1000000 >/dev/null
dd if=/dev/urandom of=/var/lib/docker/volumes/named/_data/eight bs=1M count=8 2>/dev/null
sync`;

/** What the fleet surveyed of its one host, as the program's JSON has it. */
async function survey(fleet: LabFleet, ...more: readonly string[]): Promise<HostSurvey> {
  const ran = await fleet.run('survey', '--output', 'json', ...more);
  expect(besideNames(ran.stderr)).toBe('');
  expect(ran.code, ran.stdout).toBe(0);
  const { v, hosts } = JSON.parse(ran.stdout) as { v: number; hosts: readonly HostSurvey[] };
  expect(v).toBe(1);
  const [host] = hosts;
  if (host === undefined) throw new Error('nothing was surveyed');
  expect(host.gaps).toEqual([]);
  return host;
}

/** Numbers that a command prints, before and after something that reads them too: what it says must lie between. */
async function around<Value>(
  machine: Machine,
  command: string,
  work: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly least: readonly number[]; readonly most: readonly number[] }> {
  const numbers = async (): Promise<readonly number[]> =>
    (await machine.sh(command))
      .trim()
      .split(/[\s/]+/)
      .map(Number);
  const before = await numbers();
  const value = await work();
  const after = await numbers();
  return {
    value,
    least: before.map((number, index) => Math.min(number, after[index] ?? number)),
    most: before.map((number, index) => Math.max(number, after[index] ?? number)),
  };
}

function expectBetween(
  actual: readonly number[],
  { least, most }: { readonly least: readonly number[]; readonly most: readonly number[] },
): void {
  for (const [index, number] of actual.entries()) {
    expect(number).toBeGreaterThanOrEqual(least[index] ?? Number.NaN);
    expect(number).toBeLessThanOrEqual(most[index] ?? Number.NaN);
  }
}

/** As docker prints sizes: four digits, powers of 1000. */
function asDocker(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = bytes === 0 ? 0 : Math.floor(Math.log10(bytes) / 3);
  return `${String(Number((bytes / 1000 ** power).toPrecision(4)))}${units[power] ?? ''}`;
}

/** `docker system df -v` counts what is in files; a walk over a volume counts its directory too. */
async function expectDockersVolumes(machine: Machine, { volumes }: HostSurvey): Promise<void> {
  const listed = JSON.parse(await machine.sh("docker system df -v --format '{{json .Volumes}}'")) as readonly {
    readonly Name: string;
    readonly Size: string;
    readonly Links: string;
  }[];
  expect(listed.map(({ Name }) => Name).toSorted()).toEqual(
    volumes
      .filter(({ asked, mounted }) => asked === null && mounted === null)
      .map(({ name }) => name)
      .toSorted(),
  );
  for (const { Name, Size, Links } of listed) {
    const volume = volumes.find(({ name }) => name === Name);
    const directory = Number(await machine.sh(`stat -c '%b' /var/lib/docker/volumes/${Name}/_data`)) * 512;
    expect(asDocker((volume?.used ?? Number.NaN) - directory), Name).toBe(Size);
    expect(volume?.usedBy.length, Name).toBe(Number(Links));
  }
}

function expectMounts({ containers, volumes }: HostSurvey): void {
  const anonymous = volumes.filter((volume) => volume.anonymous);
  expect(anonymous).toHaveLength(1);
  const name = anonymous[0]?.name ?? '';
  const mountsOf = (container: string): unknown => containers.find((one) => one.name === container)?.mounts;
  expect(mountsOf('app')).toEqual([
    { form: 'anonymous', source: name, destination: '/anon', readOnly: false, from: null },
    { form: 'named', source: 'named', destination: '/data', readOnly: false, from: null },
    { form: 'bind', source: '/srv/shared', destination: '/host', readOnly: true, from: null },
    { form: 'tmpfs', source: '', destination: '/run', readOnly: false, from: null },
  ]);
  expect(mountsOf('helper')).toEqual([
    { form: 'volumes-from', source: name, destination: '/anon', readOnly: true, from: 'app' },
    { form: 'volumes-from', source: 'named', destination: '/data', readOnly: true, from: 'app' },
    { form: 'volumes-from', source: '/srv/shared', destination: '/host', readOnly: true, from: 'app' },
  ]);
  expect(mountsOf('scratch')).toEqual([
    { form: 'tmpfs', source: '', destination: '/scratch', readOnly: false, from: null },
  ]);
  expect(volumes.find((volume) => volume.name === 'dangling')).toMatchObject({
    usedBy: [],
    dangling: { basis: 'created', since: expect.stringMatching(/^20\d\d-/) },
  });
  expect(volumes.find((volume) => volume.name === 'named')?.dangling).toBeNull();
}

/** Line by line: the daemon lists mounts in any order, and forgets every few minutes what was executed in containers. */
async function lasting(machine: Machine): Promise<readonly string[]> {
  const text = (await stateOf(machine)).replaceAll(/"ExecIDs": (?:null|\[[^\]]*\])/g, '');
  return text
    .split('\n')
    .map((line) => line.replace(/,$/, ''))
    .toSorted();
}

/** Blocks of metadata. */
const openTransaction = 32;

const spaceOfDocker = 'df -B1 --output=size,used,avail /var/lib/docker | tail -n 1';

async function begin(
  kind: 'dm-xfs' | 'dm-lvm' | 'overlay2-28',
): Promise<{ readonly fleet: LabFleet; readonly machine: Machine }> {
  const fleet = await labFleet([kind]);
  const [machine] = fleet.machines;
  if (machine === undefined) throw new Error('no machine');
  await machine.sh(scene);
  return { fleet, machine };
}

describe.each(['dm-xfs', 'dm-lvm'] as const)('survey of %s', (kind) => {
  let fleet: LabFleet;
  let machine: Machine;
  beforeAll(async () => {
    ({ fleet, machine } = await begin(kind));
  });
  afterAll(() => fleet.stop());

  it('agrees with dmsetup, df, docker and lvs, and changes nothing', async () => {
    const before = await lasting(machine);
    const pool = kind === 'dm-lvm' ? 'docker-thinpool' : '$(dmsetup ls | grep -o "^docker-.*-pool")';
    // A container may write meanwhile.
    const share = kind === 'dm-lvm' ? 'lvs --noheadings -o data_percent docker/thinpool' : 'echo 0';
    const disk = await around(machine, spaceOfDocker, () =>
      around(machine, share, () =>
        around(machine, `dmsetup status --noflush ${pool} | cut -d' ' -f5,6`, () => survey(fleet, '--usage')),
      ),
    );
    const { value: host, ...blocks } = disk.value.value;
    expect(await lasting(machine)).toEqual(before);

    expect(host.docker).toMatchObject({
      driver: 'devicemapper',
      liveRestore: true,
      version: (await machine.sh("docker version --format '{{.Server.Version}}'")).trim(),
    });
    const [root] = host.fileSystems;
    expectBetween([root?.size ?? 0, root?.used ?? 0, root?.available ?? 0], disk);
    expect(root).toMatchObject({ mountPoint: '/', type: 'ext4', quotas: 'not possible' });

    const blockBytes = Number(await machine.sh(`dmsetup table ${pool} | cut -d' ' -f6`)) * 512;
    const { data, metadata } = host.pool ?? {};
    const {
      least: [metadataLeast = Number.NaN, ...least],
      most: [metadataMost = Number.NaN, ...most],
    } = blocks;
    expectBetween([(metadata?.size ?? 0) / 4096, (data?.used ?? 0) / blockBytes, (data?.size ?? 0) / blockBytes], {
      least,
      most,
    });
    // As long as a transaction is open, what it replaces counts too: a few blocks more for a second or so.
    expectBetween([(metadata?.used ?? 0) / 4096], {
      least: [metadataLeast - openTransaction],
      most: [metadataMost + openTransaction],
    });
    expect(host.pool).toMatchObject({ kind: kind === 'dm-lvm' ? 'lvm' : 'loop', state: 'rw', needsCheck: false });

    let promised = 0;
    for (const { name, rootfs } of host.containers) {
      const [pid = '', device = ''] = (
        await machine.sh(`docker inspect -f '{{.State.Pid}} {{.GraphDriver.Data.DeviceName}}' ${name}`)
      )
        .trim()
        .split(' ');
      const [size, used] = (await machine.sh(`df -B1 --output=size,used /proc/${pid}/root | tail -n 1`))
        .trim()
        .split(/ +/)
        .map(Number);
      const live = Number(await machine.sh(`blockdev --getsize64 /dev/mapper/${device}`));
      expect(rootfs, name).toMatchObject({
        size,
        used,
        live,
        stored: live,
        daemon: live,
        limitedBy: 'thin device',
        restartUndoes: false,
      });
      promised += live;
    }
    expect(host.pool?.virtualBytes).toBe(promised);
    expect(host.pool?.overcommit).toBeCloseTo(promised / (data?.size ?? 1), 6);

    if (kind === 'dm-lvm') {
      const [size, meta, free] = (
        await machine.sh('lvs --noheadings --nosuffix --units b -o lv_size,lv_metadata_size,vg_free docker/thinpool')
      )
        .trim()
        .split(/ +/)
        .map(Number);
      expect(host.pool).toMatchObject({
        data: { size },
        metadata: { size: meta },
        volumeGroup: { name: 'docker', free },
        autoextend: 'off',
        loopFiles: [],
      });
      // LVM shows two digits.
      const {
        least: [low = Number.NaN],
        most: [high = Number.NaN],
      } = disk.value;
      expectBetween([((data?.used ?? 0) / (data?.size ?? 1)) * 100], { least: [low - 0.01], most: [high + 0.01] });
    } else {
      const [length] = (await machine.sh('stat -c %s /var/lib/docker/devicemapper/devicemapper/data'))
        .trim()
        .split(' ')
        .map(Number);
      expect(host.pool?.loopFiles[0]).toMatchObject({
        path: '/var/lib/docker/devicemapper/devicemapper/data',
        bytes: length,
      });
      expect(host.pool?.autoextend).toBeNull();
    }
    await expectDockersVolumes(machine, host);
    expectMounts(host);
  });

  it.runIf(kind === 'dm-lvm')('shows the profile by which LVM extends the pool', async () => {
    await machine.sh(
      `printf 'activation {\\n thin_pool_autoextend_threshold=80\\n thin_pool_autoextend_percent=20\\n}\\n' >/etc/lvm/profile/docker.profile && lvchange --metadataprofile docker docker/thinpool`,
    );
    expect((await survey(fleet)).pool?.autoextend).toEqual({ threshold: 80, percent: 20 });
  });

  it.runIf(kind === 'dm-xfs')(
    'says of a container that somebody has grown by hand that a restart would undo it, and is right',
    async () => {
      await machine.sh(`set -e; N=$(docker inspect -f '{{.GraphDriver.Data.DeviceName}}' c1); set -- $(dmsetup table $N)
dmsetup load $N --table "0 1048576 thin $4 $5"; dmsetup resume $N
mkdir -p /tmp/m; mount -o nouuid /dev/mapper/$N /tmp/m; xfs_growfs -d /tmp/m >/dev/null; umount /tmp/m`);
      const { containers } = await survey(fleet);
      const of = (name: string): unknown => containers.find((container) => container.name === name)?.rootfs;
      expect(of('c1')).toMatchObject({ live: 512 * mib, stored: 320 * mib, daemon: 320 * mib, restartUndoes: true });
      expect(of('scratch')).toMatchObject({ restartUndoes: false });
      const table = await fleet.run('survey', '--no-keep');
      expect(table.stdout).toMatch(
        /container +c1 .* yes +is 512 MiB, a restart makes it 320 MiB: then it does not start/,
      );
      expect(table.stdout).toMatch(
        /\$ plimsoll apply playbooks\/repair-rootfs\.yaml -i \S+ -l dm-xfs -e container=c1\n/,
      );

      const restarted = await machine.exec(
        'docker stop -t 0 c1 scratch >/dev/null; docker start scratch && docker start c1',
      );
      expect(restarted.stdout).toBe('scratch\n');
      expect(restarted.stderr).toMatch(/Failed to mount|mount/);
      const broken = await survey(fleet);
      expect(broken.containers.find(({ name }) => name === 'c1')).toMatchObject({
        state: 'exited',
        startError: expect.stringMatching(/mount/),
        rootfs: { restartUndoes: null },
      });
    },
  );
});

describe('survey of overlay2-28', () => {
  let fleet: LabFleet;
  let machine: Machine;
  beforeAll(async () => {
    ({ fleet, machine } = await begin('overlay2-28'));
    await machine.sh(`set -e; docker volume create --opt size=20M sized >/dev/null; docker volume create --opt size=30M unmounted >/dev/null
docker run -d --name quota -v sized:/data busybox:lab sleep 1000000 >/dev/null
dd if=/dev/urandom of=/var/lib/docker/volumes/sized/_data/four bs=1M count=4 2>/dev/null
docker volume create --opt type=tmpfs --opt device=tmpfs --opt o=size=8m memory >/dev/null
docker run -d --name inmemory -v memory:/m busybox:lab sleep 1000000 >/dev/null
sync`);
  });
  afterAll(() => fleet.stop());

  it('agrees with df, xfs_quota and docker, and changes nothing', async () => {
    const before = await lasting(machine);
    const disk = await around(machine, spaceOfDocker, () => survey(fleet, '--usage'));
    const host = disk.value;
    expect(await lasting(machine)).toEqual(before);
    const [root] = host.fileSystems;
    expectBetween([root?.size ?? 0, root?.used ?? 0, root?.available ?? 0], disk);
    expect(root).toMatchObject({ mountPoint: '/var/lib/docker', type: 'xfs', quotas: 'on' });
    expect(host.pool).toBeNull();

    const volume = (name: string): unknown => host.volumes.find((one) => one.name === name);
    const [size, used] = (await machine.sh('df -B1 --output=size,used /var/lib/docker/volumes/sized/_data | tail -n 1'))
      .trim()
      .split(/ +/)
      .map(Number);
    expect([size, used]).toEqual([20 * mib, 4 * mib]);
    expect(volume('sized')).toMatchObject({
      size,
      used,
      usedFrom: 'quota',
      quota: 'enforced',
      asked: '20M',
      usedBy: ['quota'],
      restartUndoes: false,
    });
    // Docker sets a quota when a volume is first mounted.
    expect(volume('unmounted')).toMatchObject({
      size: null,
      quota: 'not enforced',
      asked: '30M',
      dangling: { basis: 'created' },
    });
    expect(volume('memory')).toMatchObject({ size: 8 * mib, used: 0, usedFrom: 'mount', mounted: 'tmpfs' });

    const layer = (await machine.sh("dirname $(docker inspect -f '{{.GraphDriver.Data.UpperDir}}' c1)")).trim();
    const [limit, charged] = (await machine.sh(`df -B1 --output=size,used ${layer} | tail -n 1`))
      .trim()
      .split(/ +/)
      .map(Number);
    expect(host.containers.find(({ name }) => name === 'c1')?.rootfs).toMatchObject({
      size: limit,
      used: charged,
      limitedBy: 'project quota',
      restartUndoes: false,
    });
    const layer0 = (await machine.sh("dirname $(docker inspect -f '{{.GraphDriver.Data.UpperDir}}' c0)")).trim();
    expect(host.containers.find(({ name }) => name === 'c0')?.rootfs).toMatchObject({
      size: null,
      used: Number((await machine.sh(`du -sxB1 ${layer0} | cut -f1`)).trim()),
      limitedBy: null,
      restartUndoes: null,
    });
    await expectDockersVolumes(machine, host);
    expectMounts(host);
  });

  it('says of a limit that was changed behind the daemon’s back that the next start puts the old one back, and is right', async () => {
    const project = (
      await machine.sh("xfs_io -r -c stat /var/lib/docker/volumes/sized/_data | sed -n 's/^fsxattr.projid = //p'")
    ).trim();
    await machine.sh(`xfs_quota -x -c 'limit -p bsoft=40m bhard=40m ${project}' /var/lib/docker`);
    const { volumes } = await survey(fleet);
    expect(volumes.find(({ name }) => name === 'sized')).toMatchObject({ size: 40 * mib, restartUndoes: true });
    await machine.sh('docker stop -t 0 quota && docker start quota');
    const after = await survey(fleet);
    expect(after.volumes.find(({ name }) => name === 'sized')).toMatchObject({ size: 20 * mib, restartUndoes: false });
  });

  it('knows from what was kept when a volume was last in use', async () => {
    await machine.sh('docker rm -f app helper >/dev/null');
    const { volumes } = await survey(fleet);
    expect(volumes.find(({ name }) => name === 'named')).toMatchObject({
      usedBy: [],
      dangling: { basis: 'last seen in use', since: expect.stringMatching(/^20\d\d-/) },
    });
    const trend = await fleet.run('survey', '--trend', '--no-keep');
    expect(trend.stdout).toMatch(/GROWTH +FULL IN/);
    expect(trend.stdout).toContain('the surveys span less than an hour');
  });
});
