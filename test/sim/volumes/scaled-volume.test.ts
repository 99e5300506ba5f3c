import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { ScaledRecord } from '../../../src/records/scaled-record.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';

const mib = 1024 ** 2;
const host = (number: number): HostSpec => ({
  name: `web-${String(number)}`,
  kind: 'overlay2-pquota',
  containers: [{ name: 'app', restart: 'always' }],
});
const five = [1, 2, 3, 4, 5].map(host);

const fleets: Fleet[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

class Lab {
  readonly fleet: Fleet;
  readonly #inventory: string;
  readonly records: string;

  private constructor(fleet: Fleet, inventory: string) {
    this.fleet = fleet;
    this.#inventory = inventory;
    this.records = join(fleet.directory, 'shared');
  }

  static async start(specs: readonly HostSpec[] = five): Promise<Lab> {
    const fleet = await startFleet(specs);
    fleets.push(fleet);
    return new Lab(fleet, await fleet.writeTo(join(fleet.directory, 'inventory')));
  }

  /** As somebody at a laptop of his own; the records are shared. */
  as(who: string, ...args: readonly string[]): Promise<Ran> {
    const connects =
      ['plan', 'apply', 'rollback', 'resume'].includes(args[0] ?? '') ||
      args.includes('rebuild') ||
      args.includes('delete');
    return plimsoll(
      [...args, ...(connects ? ['-i', this.#inventory] : []), ...(args.includes('rebuild') ? ['--yes'] : [])],
      { XDG_STATE_HOME: join(this.fleet.directory, who), PLIMSOLL_RECORDS: `file:${this.records}` },
    );
  }

  async playbook(scale: number, more: object = {}, ...steps: readonly object[]): Promise<string> {
    await mkdir(join(this.fleet.directory, 'playbooks'), { recursive: true });
    const file = join(this.fleet.directory, 'playbooks', `scale-${String(scale)}-${String(steps.length)}.yaml`);
    await writeFile(
      file,
      JSON.stringify({
        name: 'Elk',
        hosts: 'all',
        max_failures: '100%',
        steps: [
          {
            name: 'Its own volume',
            scaled_volume: { name: 'elk_vol', scale, size: '20MiB', labels: { tier: 'log' }, ...more },
            register: 'elk',
          },
          ...steps,
        ],
      }),
    );
    return file;
  }

  /** `web-1:elk_vol-2 web-3:elk_vol-1`: what is on the hosts, whatever the records say. */
  async onHosts(): Promise<readonly string[]> {
    const found = await Promise.all(
      this.fleet.hosts.map(async (one) =>
        (await one.run('docker volume ls -q')).stdout
          .split('\n')
          .filter((volume) => volume.startsWith('elk_vol'))
          .map((volume) => `${one.name}:${volume}`),
      ),
    );
    return found.flat();
  }

  async recorded(): Promise<ScaledRecord | undefined> {
    const { scaled } = JSON.parse((await this.as('ann', 'scaled', 'list', 'elk_vol', '--output', 'json')).stdout) as {
      readonly scaled: readonly ScaledRecord[];
    };
    return scaled[0];
  }

  async recordedOnHosts(): Promise<readonly string[]> {
    return ((await this.recorded())?.instances ?? []).map(({ host: its, volume }) => `${its}:${volume}`).toSorted();
  }

  hostOf(name: string): Fleet['hosts'][number] {
    const found = this.fleet.hosts.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  }
}

const statuses = ({ stdout }: Ran): Readonly<Record<string, string>> => {
  const last = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string; readonly hosts?: Record<string, string> })
    .at(-1);
  if (last?.type !== 'run.finished') throw new Error(stdout);
  return last.hosts ?? {};
};
const ofStatus = (ran: Ran, status: string): readonly string[] =>
  Object.entries(statuses(ran))
    .filter(([, its]) => its === status)
    .map(([name]) => name);

describe('a scaled volume over five hosts', () => {
  it('has one instance on each host until there are as many as its scale: the preview says which, and refuses the others', async () => {
    const lab = await Lab.start();
    const file = await lab.playbook(3);
    const plan = await lab.as('ann', 'plan', file);
    expect(plan.code).toBe(4);
    for (const number of [1, 2, 3])
      expect(plan.stdout).toMatch(
        new RegExp(
          `elk_vol-${String(number)}: a new volume of 20 MiB, with its quota in force \\(instance ${String(number)} of elk_vol, of at most 3\\)`,
        ),
      );
    expect(plan.stdout).toContain('3 of 3 instances of elk_vol exist');
    expect(plan.stdout).toContain('(planned in this run)');
    expect(plan.stdout).toMatch(/Plan: 3 hosts to change \(3 changes\), 2 refused\./);
    expect(await lab.onHosts()).toEqual([]);
    expect(await lab.recorded()).toBeUndefined();

    const applied = await lab.as('ann', 'apply', file, '--yes', '--output', 'json');
    expect([applied.code, ofStatus(applied, 'changed').length, ofStatus(applied, 'refused').length]).toEqual([4, 3, 2]);
    const there = await lab.onHosts();
    expect(there.map((one) => one.split(':')[1]).toSorted()).toEqual(['elk_vol-1', 'elk_vol-2', 'elk_vol-3']);
    expect(await lab.recordedOnHosts()).toEqual(there.toSorted());
    const [name = '', volume = ''] = there[0]?.split(':') ?? [];
    const { stdout } = await lab
      .hostOf(name)
      .run(
        `docker volume inspect --format '{{json .Labels}}' ${volume}; df -B1 --output=size /var/lib/docker/volumes/${volume}/_data | tail -n 1 | tr -d ' '`,
      );
    expect(stdout).toBe(
      `{"plimsoll.index":"${volume.slice(-1)}","plimsoll.operation":"scaled_volume","plimsoll.scaled":"elk_vol","plimsoll.volume":"${volume}","tier":"log"}\n${String(20 * mib)}\n`,
    );

    const again = await lab.as('bob', 'apply', file, '--yes', '--output', 'json');
    expect([again.code, ofStatus(again, 'ok').toSorted(), again.stdout.includes('change.started')]).toEqual([
      4,
      ofStatus(applied, 'changed').toSorted(),
      false,
    ]);
    expect((await lab.as('bob', 'scaled', 'list')).stdout).toMatch(
      /^elk_vol: 3 of 3 in use\n +INSTANCE +HOST[^]*elk_vol-1 +web-\d +there +20 MiB/,
    );
  });

  it('never has a fourth, when two laptops work on it at once', async () => {
    const lab = await Lab.start();
    const file = await lab.playbook(3);
    const [ann, bob] = await Promise.all([
      lab.as('ann', 'apply', file, '--yes', '--limit', 'web-1:web-2', '--output', 'json'),
      lab.as('bob', 'apply', file, '--yes', '--limit', 'web-3:web-4:web-5', '--output', 'json'),
    ]);
    const changed = [ann, bob].flatMap((ran) => ofStatus(ran, 'changed'));
    const refused = [ann, bob].flatMap((ran) => ofStatus(ran, 'refused'));
    expect([changed.length, refused.length]).toEqual([3, 2]);
    expect(ann.stdout + bob.stdout).toMatch(/has been taken meanwhile by web-\d|instances of elk_vol exist/);
    const there = await lab.onHosts();
    expect(there.map((one) => one.split(':')[0])).toEqual(changed.toSorted());
    expect(new Set(there.map((one) => one.split(':')[1])).size).toBe(3);
    expect(await lab.recordedOnHosts()).toEqual(there.toSorted());
  });

  it('loses nothing when its scale is lowered, and has more when it is raised', async () => {
    const lab = await Lab.start();
    await lab.as('ann', 'apply', await lab.playbook(3), '--yes');
    const there = await lab.onHosts();
    const lowered = await lab.as('ann', 'apply', await lab.playbook(2), '--yes', '--output', 'json');
    expect([lowered.code, ofStatus(lowered, 'ok').length, ofStatus(lowered, 'refused').length]).toEqual([4, 3, 2]);
    expect(lowered.stdout).toContain('3 of 2 instances of elk_vol exist');
    expect(await lab.onHosts()).toEqual(there);

    const raised = await lab.as('ann', 'apply', await lab.playbook(5), '--yes', '--output', 'json');
    expect([raised.code, ofStatus(raised, 'changed').length]).toEqual([0, 2]);
    expect(await lab.onHosts()).toHaveLength(5);
    expect(await lab.recorded()).toMatchObject({ scale: 5, next: 6 });
  });

  it('gives a container that is made anew the same data, and several containers of a host the same instance', async () => {
    const lab = await Lab.start([
      {
        ...host(1),
        containers: [
          { name: 'app', restart: 'always' },
          { name: 'web', restart: 'always' },
        ],
      },
    ]);
    const mounts = { '/data': { volume: '${{ elk.instance }}' } };
    const gate = { seconds: '1s' };
    const file = await lab.playbook(
      1,
      {},
      { recreate_container: { container: 'app', mounts, gate } },
      { recreate_container: { container: 'web', mounts, gate } },
    );
    const first = await lab.as('ann', 'apply', file, '--yes');
    expect(first.code, first.stdout + first.stderr).toBe(0);
    const run = (script: string): ReturnType<Fleet['hosts'][number]['run']> => lab.hostOf('web-1').run(script);
    await run('echo kept >/var/lib/docker/volumes/elk_vol-1/_data/file');
    const mounted =
      "docker inspect --type container --format '{{range .Mounts}}{{.Name}} {{.Destination}}{{end}}' app web";
    expect((await run(mounted)).stdout).toBe('elk_vol-1 /data\nelk_vol-1 /data\n');

    // Somebody makes app anew by hand, without its volume.
    const anew = await lab.as(
      'ann',
      'apply',
      await lab.playbook(1, {}, { recreate_container: { container: 'app', mounts: { '/data': null }, gate } }),
      '--yes',
    );
    expect(anew.code, anew.stdout + anew.stderr).toBe(0);
    expect((await run(mounted)).stdout).toBe('\nelk_vol-1 /data\n');
    const again = await lab.as('bob', 'apply', file, '--yes');
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect((await run(`${mounted}; cat /var/lib/docker/volumes/elk_vol-1/_data/file`)).stdout).toBe(
      'elk_vol-1 /data\nelk_vol-1 /data\nkept\n',
    );
    expect(await lab.onHosts()).toEqual(['web-1:elk_vol-1']);
  });
});

describe('the instances of a scaled volume', () => {
  it('are written down anew from their labels as they were, and what is gone is taken out', async () => {
    const lab = await Lab.start(five.slice(0, 3));
    await lab.as('ann', 'apply', await lab.playbook(3), '--yes');
    const essence = async (): Promise<unknown> =>
      (await lab.recorded())?.instances.map(({ index, host: its, state, volume, sizeBytes }) => ({
        index,
        its,
        state,
        volume,
        sizeBytes,
      }));
    const before = await essence();
    expect(before).toHaveLength(3);
    await rm(lab.records, { recursive: true });
    expect(await lab.as('ann', 'records', 'rebuild')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('scaled volumes put right: elk_vol'),
    });
    expect(await essence()).toEqual(before);
    expect((await lab.as('ann', 'records', 'rebuild')).stdout).not.toContain('put right');

    const [first = ''] = await lab.onHosts();
    const [name = '', volume = ''] = first.split(':');
    await lab.hostOf(name).run(`docker volume rm ${volume}`);
    const refused = await lab.as('ann', 'apply', await lab.playbook(3), '--yes');
    expect(refused).toMatchObject({
      code: 4,
      stdout: expect.stringContaining(`according to the records ${volume} is here, and it is not`),
    });
    await lab.as('ann', 'records', 'rebuild', name);
    expect(await lab.recordedOnHosts()).toHaveLength(2);
    expect((await lab.as('ann', 'apply', await lab.playbook(3), '--yes')).code).toBe(0);
    // A name is not used twice.
    expect(await lab.onHosts()).toContain(`${name}:elk_vol-4`);
  });

  it('are written down by the step itself, where the records have lost them', async () => {
    const lab = await Lab.start(five.slice(0, 2));
    const file = await lab.playbook(2);
    await lab.as('ann', 'apply', file, '--yes');
    const before = await lab.recordedOnHosts();
    await rm(lab.records, { recursive: true });
    const again = await lab.as('ann', 'apply', file, '--yes');
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('written down in the records, which do not have it'),
    });
    expect(await lab.recordedOnHosts()).toEqual(before);
    expect((await lab.as('ann', 'plan', file, '--detailed-exitcode')).code).toBe(0);
  });

  it('are removed one by one or all at once, after a preview, and never while a container has them', async () => {
    const lab = await Lab.start(five.slice(0, 3));
    const file = await lab.playbook(3);
    await lab.as('ann', 'apply', file, '--yes');
    const there = await lab.onHosts();
    const on = (volume: string): string => there.find((one) => one.endsWith(`:${volume}`))?.split(':')[0] ?? '';
    await lab
      .hostOf(on('elk_vol-1'))
      .run('docker create --name holds --mount type=volume,src=elk_vol-1,dst=/d busybox:lab');

    const preview = await lab.as('ann', 'scaled', 'delete', 'elk_vol-2', '--dry-run');
    expect(preview).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('elk_vol-2: remove it, with all that it holds'),
    });
    expect(await lab.onHosts()).toEqual(there);
    expect(await lab.as('ann', 'scaled', 'delete', 'elk_vol-2')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give --yes'),
    });
    expect(await lab.as('ann', 'scaled', 'delete', 'elk_vol-9', '--yes')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no instance elk_vol-9 is recorded'),
    });
    const one = await lab.as('ann', 'scaled', 'delete', 'elk_vol-2', '--yes');
    expect(one.code, one.stdout + one.stderr).toBe(0);
    expect(await lab.onHosts()).toEqual(there.filter((each) => !each.endsWith('elk_vol-2')));
    expect(await lab.recordedOnHosts()).toEqual((await lab.onHosts()).toSorted());

    const all = await lab.as('ann', 'scaled', 'delete', 'elk_vol', '--all', '--yes');
    expect(all.code).toBe(4);
    expect(all.stdout).toContain('elk_vol-1 is used by holds');
    expect(await lab.onHosts()).toEqual([`${on('elk_vol-1')}:elk_vol-1`]);
    expect(await lab.recordedOnHosts()).toEqual([`${on('elk_vol-1')}:elk_vol-1`]);

    // What has been removed has made room.
    expect((await lab.as('ann', 'apply', file, '--yes')).code).toBe(0);
    expect((await lab.onHosts()).map((each) => each.split(':')[1]).toSorted()).toEqual([
      'elk_vol-1',
      'elk_vol-4',
      'elk_vol-5',
    ]);
  });

  it('are taken back by a rollback while they are empty, and kept once they hold something', async () => {
    const lab = await Lab.start(five.slice(0, 2));
    const applied = await lab.as('ann', 'apply', await lab.playbook(2), '--yes');
    const [run = ''] = /\d{8}-\d{6}-[0-9a-f]{6}/.exec(applied.stdout) ?? [];
    const [kept = '', empty = ''] = await lab.onHosts();
    const [name = '', volume = ''] = kept.split(':');
    await lab.hostOf(name).run(`echo data >/var/lib/docker/volumes/${volume}/_data/file`);
    const back = await lab.as('ann', 'rollback', run, '--yes');
    expect(back).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`${volume} holds data by now, and is kept`),
    });
    expect(await lab.onHosts()).toEqual([kept]);
    expect(await lab.recordedOnHosts()).toEqual([kept]);
    expect(empty).not.toBe('');
  });

  it('are not begun while the records are away, nor promised', async () => {
    const lab = await Lab.start(five.slice(0, 1));
    await writeFile(lab.records, 'no directory');
    const refused = await lab.as('ann', 'apply', await lab.playbook(1), '--yes');
    expect(refused).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('which instances of elk_vol the fleet has is not known'),
    });
    expect(await lab.onHosts()).toEqual([]);
    await rm(lab.records);
    expect((await lab.as('ann', 'apply', await lab.playbook(1), '--yes')).code).toBe(0);
    // What is there goes on being used.
    await rm(lab.records, { recursive: true });
    await writeFile(lab.records, 'no directory');
    expect(await lab.as('ann', 'apply', await lab.playbook(1), '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to do'),
    });
  });

  it('can be taken out of the records when their host is lost for good', async () => {
    const lab = await Lab.start(five.slice(0, 2));
    await lab.as('ann', 'apply', await lab.playbook(1), '--yes');
    const [first = ''] = await lab.onHosts();
    const lost = first.split(':')[0] ?? '';
    expect(await lab.as('ann', 'scaled', 'forget', 'elk_vol-1', '--yes')).toMatchObject({
      code: 0,
      stdout: `elk_vol-1 on ${lost} is not in the records any more.\n`,
    });
    expect((await lab.as('ann', 'apply', await lab.playbook(1), '--yes', '--limit', `!${lost}`)).code).toBe(0);
    expect(await lab.recordedOnHosts()).toEqual([expect.stringMatching(/^web-\d:elk_vol-2$/)]);
  });
});
