import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { VersionRecord } from '../../../src/records/version-record.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { besideNames, plimsoll as program } from '../../support/plimsoll.ts';

const mib = 1024 ** 2;
const app = {
  name: 'app',
  volumes: { foo: '/data' },
  appends: '/data/log',
  restart: 'always',
  labels: { tier: 'front' },
  config: { Env: ['TOKEN=very-secret', 'A=1'] },
} as const;
const host: HostSpec = {
  name: 'web-1',
  kind: 'overlay2-pquota',
  volumes: [{ name: 'foo', bytes: 20 * mib, size: '20M', files: { data: 'data\n' } }],
  containers: [app],
};

const fleets: Fleet[] = [];
afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

interface World {
  readonly ask: (script: string) => Promise<string>;
  readonly plimsoll: (...args: readonly string[]) => Promise<Ran>;
  readonly apply: (step: object) => Promise<Ran>;
  /** `1 replaced 40`: of each version, the newest first, number, state and what `of` says of it. */
  readonly history: (
    kind: string,
    name: string,
    of: (spec: VersionRecord['spec']) => unknown,
  ) => Promise<readonly string[]>;
}

async function start(): Promise<World> {
  const fleet = await startFleet([host]);
  fleets.push(fleet);
  const [only] = fleet.hosts;
  if (only === undefined) throw new Error('no host');
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  const plimsoll = (...args: readonly string[]): Promise<Ran> =>
    program(args, { XDG_STATE_HOME: join(fleet.directory, 'runs') });
  return {
    ask: async (script) => (await only.run(`exec 2>&1\n${script}`)).stdout,
    plimsoll: (command = '', ...args) =>
      plimsoll(command, ...args, ...(command === 'restore-version' ? ['-i', inventory] : [])),
    async apply(step) {
      const playbook = join(fleet.directory, 'playbook.yaml');
      await writeFile(playbook, JSON.stringify({ hosts: 'all', steps: [step] }));
      const ran = await plimsoll('apply', playbook, '-i', inventory, '--yes');
      expect([ran.code, besideNames(ran.stderr)], ran.stdout).toEqual([0, '']);
      return ran;
    },
    async history(kind, name, of) {
      const { versions } = JSON.parse((await plimsoll('history', kind, name, '--output', 'json')).stdout) as {
        readonly versions: readonly VersionRecord[];
      };
      return versions.map(({ version, state, spec }) => `${String(version)} ${state} ${String(of(spec))}`);
    },
  };
}

const sizeOf = (volume: string): string =>
  `df -B1 --output=size /var/lib/docker/volumes/${volume}/_data | tail -n 1 | tr -d ' '`;
const nameAndSize = ({ name, sizeBytes }: VersionRecord['spec']): string =>
  `${JSON.stringify(name).slice(1, -1)} ${String(Number(sizeBytes) / mib)}`;
const gate = { seconds: '1s' };

describe('plimsoll restore-version of a volume', () => {
  it('gives it the size of then by the step that gives sizes, and keeps the data of now', async () => {
    const { ask, plimsoll, apply, history } = await start();
    await apply({ scale_volume: { volume: 'foo', size: '40MiB', method: 'copy', gate } });
    await apply({ scale_volume: { volume: 'foo', size: '60MiB', method: 'in_place' } });
    expect(await history('volume', 'foo', nameAndSize)).toEqual([
      '2 current foo-1 60',
      '1 replaced foo-1 40',
      '0 replaced foo 20',
    ]);
    await ask('echo more >/var/lib/docker/volumes/foo-1/_data/more');

    const preview = await plimsoll('restore-version', 'volume', 'foo', '1', '--host', 'web-1', '--dry-run');
    expect({ ...preview, stderr: besideNames(preview.stderr) }).toMatchObject({
      code: 0,
      stderr:
        'note: version 1 of volume foo was foo-1 with 40 MiB. Its size comes back; its data does not: what is in foo-1 now is kept.\n',
    });
    expect(preview.stdout).toContain(
      'Give volume foo-1 the size of its version 1 (40 MiB); the data stays that of now',
    );
    expect(preview.stdout).toContain('foo-1: 60 MiB → 40 MiB, in place');
    expect(await ask(sizeOf('foo-1'))).toBe(`${String(60 * mib)}\n`);
    expect(await plimsoll('restore-version', 'volume', 'foo', '1')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('give --yes'),
    });

    const restored = await plimsoll('restore-version', 'volume', 'foo', '1', '--yes');
    expect(restored.code, restored.stdout).toBe(0);
    expect(await ask(`${sizeOf('foo-1')}; cat /var/lib/docker/volumes/foo-1/_data/more`)).toBe(
      `${String(40 * mib)}\nmore\n`,
    );
    expect(await history('volume', 'foo', nameAndSize)).toEqual([
      '3 current foo-1 40',
      '2 replaced foo-1 60',
      '1 replaced foo-1 40',
      '0 replaced foo 20',
    ]);
    expect((await plimsoll('history', 'volume', 'foo')).stdout).toMatch(
      /web-1 +0 +replaced +foo 20 MiB .* read from the host/,
    );

    const again = await plimsoll('restore-version', 'volume', 'foo', '3', '--yes', '--output', 'json');
    expect(again.code).toBe(0);
    expect(
      again.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { readonly type: string }).type),
    ).not.toContain('change.started');
    expect(await history('volume', 'foo', () => '')).toHaveLength(4);

    // A run like any other: what it did can be taken back.
    const [run = ''] = /\d{8}-\d{6}-[0-9a-f]{6}/.exec(restored.stdout) ?? [];
    const back = await plimsoll('rollback', run, '--yes');
    expect([back.code, besideNames(back.stderr)]).toEqual([0, '']);
    expect(await ask(sizeOf('foo-1'))).toBe(`${String(60 * mib)}\n`);
    expect(await history('volume', 'foo', nameAndSize)).toEqual([
      '3 undone foo-1 40',
      '2 current foo-1 60',
      '1 replaced foo-1 40',
      '0 replaced foo 20',
    ]);
    expect(await plimsoll('restore-version', 'volume', 'foo', '3', '--yes')).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining(`version 3 of volume foo on web-1 was taken back by the rollback of run ${run}`),
    });
  });

  it('says how the volume of then can be had itself while it is kept, and goes back to what there was before the first version', async () => {
    const { ask, plimsoll, apply, history } = await start();
    const scaled = await apply({ scale_volume: { volume: 'foo', size: '40MiB', method: 'copy', gate } });
    const [run = ''] = /\d{8}-\d{6}-[0-9a-f]{6}/.exec(scaled.stdout) ?? [];
    const preview = await plimsoll('restore-version', 'volume', 'foo', '0', '--dry-run');
    expect(preview.stderr).toContain(
      `the volume of then is still kept, with its data: plimsoll rollback ${run} brings it back`,
    );
    expect(await plimsoll('finalize', run, '--yes')).toMatchObject({ code: 0 });
    const restored = await plimsoll('restore-version', 'volume', 'foo', '0', '--yes');
    expect(restored.code, restored.stdout + restored.stderr).toBe(0);
    expect(restored.stderr).not.toContain('rollback');
    expect(await ask(`${sizeOf('foo-1')}; cat /var/lib/docker/volumes/foo-1/_data/data`)).toBe(
      `${String(20 * mib)}\ndata\n`,
    );
    expect(await history('volume', 'foo', nameAndSize)).toEqual([
      '2 current foo-1 20',
      '1 replaced foo-1 40',
      '0 replaced foo 20',
    ]);
    await ask('docker rm -f app; docker volume rm foo-1');
    expect(await plimsoll('restore-version', 'volume', 'foo', '1', '--yes')).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('there is no volume foo-1'),
    });
  });
});

const inspected =
  "docker inspect --type container --format '{{json (index .Config.Env)}} {{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} {{json .Config.Labels}} {{json .HostConfig.Binds}}' app";
const memory = ({ memoryBytes }: VersionRecord['spec']): string => String(Number(memoryBytes) / mib);

describe('plimsoll restore-version of a container', () => {
  it('recreates it as it was: what came since is taken out, limits that there were not are lifted', async () => {
    const { ask, plimsoll, apply, history } = await start();
    const was = await ask(inspected);
    await apply({
      recreate_container: {
        container: 'app',
        memory: '64MiB',
        restart: 'no',
        env: { NEW: '1' },
        labels: { tier: null, other: 'x' },
        gate,
      },
    });
    await apply({ recreate_container: { container: 'app', memory: '128MiB', gate } });
    expect(await history('container', 'app', memory)).toEqual(['2 current 128', '1 replaced 64', '0 replaced 0']);

    const first = await plimsoll('restore-version', 'container', 'app', '1', '--yes', '--gate', '1s');
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(first.stdout).toContain('app: recreated: memory 128 MiB → 64 MiB');
    expect(first.stderr).toMatch(/the container of then is still kept, with its variables: plimsoll rollback \d{8}-/);
    const whole = await plimsoll('restore-version', 'container', 'app', '0', '--yes', '--gate', '1s');
    expect(whole.code, whole.stdout + whole.stderr).toBe(0);
    expect(await ask(inspected)).toBe(was);
    expect(await history('container', 'app', memory)).toEqual([
      '4 current 0',
      '3 replaced 64',
      '2 replaced 128',
      '1 replaced 64',
      '0 replaced 0',
    ]);
    expect(await plimsoll('restore-version', 'container', 'app', '0', '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to do'),
    });
    const all = await plimsoll('history', 'container', 'app', '--output', 'json');
    expect(first.stdout + first.stderr + whole.stdout + all.stdout).not.toContain('very-secret');
  });

  it('refuses what is not recorded, or leaves it as it is now when that is asked; a newer version of its volume stays', async () => {
    const { ask, plimsoll, apply, history } = await start();
    await apply({ recreate_container: { container: 'app', memory: '64MiB', env: { A: '2', TOKEN: null }, gate } });
    await apply({ scale_volume: { volume: 'foo', size: '40MiB', method: 'copy', gate } });
    const refused = await plimsoll('restore-version', 'container', 'app', '0', '--yes');
    expect(refused).toMatchObject({ code: 4 });
    expect(refused.stdout).toContain('env A: it has been given another value since, and values are not recorded');
    expect(refused.stdout).toContain('env TOKEN: it was set then, and values are not recorded');
    expect(refused.stdout).toContain('--partly');
    const partly = await plimsoll('restore-version', 'container', 'app', '0', '--yes', '--partly', '--gate', '1s');
    expect(partly.code, partly.stdout + partly.stderr).toBe(0);
    expect(partly.stdout).toContain('not restored: env A');
    expect(partly.stdout).toContain(
      '/data: foo-1 stays, which has replaced foo; what was in it then is not brought back',
    );
    expect(await ask(inspected)).toMatch(/^\["A=2",.*\] 0 always .*\["foo-1:\/data/);
    expect(await history('container', 'app', memory)).toEqual([
      '3 current 0',
      '2 replaced 64',
      '1 replaced 64',
      '0 replaced 0',
    ]);
    await ask('docker rm -f app');
    expect(await plimsoll('restore-version', 'container', 'app', '1', '--yes')).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('there is no container "app"'),
    });
  });
});
