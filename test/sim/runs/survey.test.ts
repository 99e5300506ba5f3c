import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import { shape } from '../../../lab/sim/transcripts/normalise.ts';
import { diskSpace } from '../../../src/facts/host/disk-space.ts';
import { poolBacking } from '../../../src/facts/pools/pool-backing.ts';
import type { HostSurvey } from '../../../src/survey/host-survey.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';
import { runOn, start, stopFleets } from '../simulated-host.ts';

const gib = 1024 ** 3;
stopFleets();

async function run(fleet: Fleet, ...args: readonly string[]): Promise<Ran> {
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  // All hosts are this one machine, which may be busy.
  await writeFile(
    inventory,
    fleet.inventoryText.replace('defaults:', 'defaults:\n  connect_timeout: 3m\n  command_timeout: 5m'),
  );
  return plimsoll(['survey', '-i', inventory, ...args], { XDG_STATE_HOME: join(fleet.directory, 'laptop') });
}

const hostsOf = ({ stdout }: Ran): readonly HostSurvey[] =>
  (JSON.parse(stdout) as { readonly hosts: readonly HostSurvey[] }).hosts;

function mixed(count: number): readonly HostSpec[] {
  const kinds = ['dm-xfs', 'dm-lvm', 'overlay2-pquota', 'overlay2-plain'] as const;
  return Array.from({ length: count }, (_, index): HostSpec => {
    const kind = kinds[index % kinds.length] ?? 'dm-xfs';
    return {
      name: `web-${String(index + 1).padStart(3, '0')}`,
      kind,
      containers: [{ name: 'app', bytes: 10 * gib, volumes: { data: '/data' } }],
      volumes: [
        { name: 'data', ...(kind === 'overlay2-pquota' ? { bytes: gib } : {}), files: { one: 'x'.repeat(20_000) } },
        { name: 'old' },
      ],
    };
  });
}

describe('plimsoll survey of a simulated fleet', () => {
  it('shows every kind of host, and the outcome of those that are no use decides the exit status', async () => {
    const { fleet } = await start(
      ...mixed(4),
      {
        name: 'full',
        kind: 'dm-xfs',
        containers: [{ name: 'app', bytes: 10 * gib, grownBytes: 20 * gib }],
        pool: { dataBytes: 100 * gib, usedPercent: 95 },
      },
      { name: 'image-store', kind: 'containerd', containers: [{ name: 'app' }] },
      { name: 'away', kind: 'dm-xfs', refuseAuthentication: true },
    );
    const ran = await run(fleet, '--output', 'json', '--usage');
    expect(ran.code, ran.stderr).toBe(3);
    const hosts = hostsOf(ran);
    expect(hosts.map(({ host, status }) => [host, status])).toEqual([
      ['web-001', 'ok'],
      ['web-002', 'ok'],
      ['web-003', 'ok'],
      ['web-004', 'ok'],
      ['full', 'ok'],
      ['image-store', 'ok'],
      ['away', 'unreachable'],
    ]);
    expect(hosts.flatMap(({ gaps }) => gaps)).toEqual([]);
    const of = (name: string): HostSurvey | undefined => hosts.find(({ host }) => host === name);
    expect(of('web-001')?.pool).toMatchObject({
      kind: 'loop',
      state: 'rw',
      data: { size: 100 * gib },
      virtualBytes: 10 * gib,
      overcommit: 0.1,
    });
    expect(of('web-002')?.pool).toMatchObject({ kind: 'lvm', autoextend: 'off', volumeGroup: { name: 'docker' } });
    expect(
      of('web-003')?.volumes.map(({ name, size, quota, usedFrom, usedBy, dangling }) => ({
        name,
        size,
        quota,
        usedFrom,
        usedBy,
        dangling,
      })),
    ).toEqual([
      { name: 'data', size: gib, quota: 'enforced', usedFrom: 'quota', usedBy: ['app'], dangling: null },
      {
        name: 'old',
        size: null,
        quota: 'none',
        usedFrom: 'walk',
        usedBy: [],
        dangling: { since: '2026-01-05T08:15:00Z', basis: 'created' },
      },
    ]);
    expect(of('web-003')?.containers[0]?.rootfs).toMatchObject({
      size: 10 * gib,
      limitedBy: 'project quota',
      restartUndoes: false,
    });
    expect(of('web-004')?.containers[0]?.rootfs).toMatchObject({ size: null, limitedBy: null });
    expect(of('web-004')?.volumes[0]?.used).toBeGreaterThan(20_000);
    expect(of('full')?.containers[0]?.rootfs).toMatchObject({ live: 20 * gib, stored: 10 * gib, restartUndoes: true });
    expect(of('image-store')).toMatchObject({
      docker: { imageStore: true },
      containers: [{ rootfs: { size: null, restartUndoes: null } }],
    });
    expect(of('away')?.error?.code).toBe('auth-failed');

    const over = await run(fleet, '--over', '80%', '-l', '!away');
    expect(over.code, over.stderr).toBe(0);
    expect(over.stdout).toMatch(/^full +pool data +\S+ +95 GiB +100 GiB +95% /m);
    expect(over.stdout).not.toMatch(/ container +app/);
    expect(over.stdout).toMatch(
      /\$ plimsoll apply playbooks\/grow-pool\.yaml -i \S+ -l full -e data=150GiB -e metadata=32MiB/,
    );
  });

  it('asks a host with a hundred volumes as often as one with one', async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      name: `vol-${String(index)}`,
      bytes: gib,
      files: { one: 'x' },
    }));
    const { fleet, host } = await start({
      name: 'many',
      kind: 'overlay2-pquota',
      containers: [{ name: 'app', bytes: gib, volumes: { 'vol-7': '/data' } }],
      volumes: many,
    });
    const ran = await run(fleet, '--output', 'json');
    expect(ran.code, ran.stderr + ran.stdout).toBe(0);
    const [surveyed] = hostsOf(ran);
    expect(surveyed?.volumes).toHaveLength(100);
    expect(surveyed?.volumes.every(({ quota, size }) => quota === 'enforced' && size === gib)).toBe(true);
    expect(surveyed?.volumes.filter(({ dangling }) => dangling === null).map(({ name }) => name)).toEqual(['vol-7']);
    expect(await host.faultsSoFar()).toBe(0);
  });

  it('keeps its figures, and makes a forecast of them', async () => {
    const { fleet } = await start({
      name: 'full',
      kind: 'dm-xfs',
      containers: [{ name: 'app', bytes: 10 * gib }],
      pool: { dataBytes: 100 * gib, usedPercent: 90 },
    });
    const surveys = join(fleet.directory, 'laptop/plimsoll/surveys');
    expect((await run(fleet)).code).toBe(0);
    const [name = ''] = await readdir(surveys);
    const kept = JSON.parse(await readFile(join(surveys, name), 'utf8')) as {
      at: string;
      hosts: Record<string, { figures: Record<string, [number, number]> }>;
    };
    const key = Object.keys(kept.hosts['full']?.figures ?? {}).find((one) => one.startsWith('pool data')) ?? '';
    const used = kept.hosts['full']?.figures[key]?.[0] ?? 0;
    // Ten days ago it was a tenth less, and five days ago half of that.
    for (const [days, share] of [
      [10, 0.9],
      [5, 0.95],
    ] as const) {
      const at = new Date(Date.parse(kept.at) - days * 86_400_000).toISOString();
      await writeFile(
        join(surveys, `${at.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-0001-aaaaaa.json`),
        JSON.stringify({ v: 1, at, hosts: { full: { figures: { [key]: [used * share, 100 * gib] }, volumes: {} } } }),
      );
    }
    await writeFile(join(surveys, '20261101-000000-0001-bbbbbb.json'), '{"v":2}');
    const ran = await run(fleet, '--trend', '--sort', 'full', '--no-keep');
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/warning: .*20261101-000000-0001-bbbbbb\.json is not a survey that this version reads/);
    // A tenth of 90 GiB in ten days, and 10 GiB are left.
    expect(ran.stdout).toMatch(/^full +pool data .* \+92\d(?:\.\d+)? MiB\/day +11 days /m);
    expect(ran.stdout).toContain('full: pool data');
    expect(await readdir(surveys)).toHaveLength(4);
  });

  it('cannot keep them where it may not write, and says so after it has shown what it has found', async () => {
    const { fleet } = await start({ name: 'web-1', kind: 'dm-xfs', containers: [] });
    await mkdir(join(fleet.directory, 'laptop/plimsoll'), { recursive: true });
    await writeFile(join(fleet.directory, 'laptop/plimsoll/surveys'), 'no directory');
    const ran = await run(fleet);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/surveys/);
  });

  it('writes a page, CSV and JSON', async () => {
    const { fleet } = await start(...mixed(4));
    const page = join(fleet.directory, 'page.html');
    const ran = await run(fleet, '--html', page, '--output', 'csv', '--no-keep');
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^host,kind,name,used_bytes,/);
    expect(ran.stdout).toMatch(/\r\n"web-003","volume","old",,,,,"none","","2026-01-05T08:15:00Z","created",/);
    const html = await readFile(page, 'utf8');
    expect(html).toContain('<td class="word">web-004</td>');
    expect(html.slice(0, html.indexOf('<script>'))).not.toContain('undefined');
  });

  it.each([
    [['--over', '120%'], /a percentage from 0% to 100%/],
    [['--sort', 'colour'], /use, used, size, host/],
    [['--usage', 'x'], /duration/],
  ])('refuses %j', async (args, message) => {
    const ran = await plimsoll(['survey', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(message);
  });
});

describe('a simulated host and the facts of a survey', () => {
  const recorded = async (
    kind: string,
    name: string,
  ): Promise<{ readonly args: readonly string[]; readonly stdout: string }> => {
    const all = JSON.parse(
      await readFile(join(import.meta.dirname, '../../facts/cases/survey.json'), 'utf8'),
    ) as Record<string, readonly { fact: string; args: readonly string[]; stdout: string }[]>;
    const found = all[kind]?.find(({ fact }) => fact === name);
    if (found === undefined) throw new Error(`${name} was not recorded on ${kind}`);
    return found;
  };

  it.each([
    ['dm-lvm', 'dm-lvm', poolBacking],
    ['overlay2-28', 'overlay2-pquota', diskSpace],
    ['dm-xfs', 'dm-xfs', diskSpace],
  ] as const)('%s answers in the shape that the virtual machine does', async (machine, kind, fact) => {
    const { fleet, host } = await start({ name: 'web-1', kind, containers: [{ name: 'app', bytes: 10 * gib }] });
    const real = await recorded(machine, fact.name);
    const simulated = await runOn(fleet, host, `set -- ${real.args.join(' ')}\n${fact.script}`);
    expect(shape(fact.parse(simulated, real.args))).toEqual(
      shape(fact.parse({ ...real, status: 0, stderr: '' }, real.args)),
    );
  });
});

/** Minutes: `PLIMSOLL_SIM=300`. */
const large = Number(process.env['PLIMSOLL_SIM'] ?? 60);

describe(`plimsoll survey of ${String(large)} simulated hosts in one run`, () => {
  it('surveys all of them, folded', async () => {
    const { fleet } = await start(...mixed(large));
    const began = performance.now();
    const ran = await run(fleet);
    process.stderr.write(
      `${String(large)} simulated hosts were surveyed in ${String(Math.round((performance.now() - began) / 1000))} s\n`,
    );
    expect(ran.code, ran.stderr + ran.stdout.slice(0, 2000)).toBe(0);
    expect(ran.stdout).toMatch(new RegExp(`^${String(large)} hosts surveyed$`, 'm'));
    expect(ran.stdout.split('\n').length).toBeLessThan(40);
    const [name = ''] = await readdir(join(fleet.directory, 'laptop/plimsoll/surveys'));
    expect(name).toContain(`-${String(large).padStart(4, '0')}-`);
  });
});
