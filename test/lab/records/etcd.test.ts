// lab: 45 s, src/records/
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startFleet } from '../../../lab/sim/fleet.ts';
import { EtcdGateway } from '../../../src/records/etcd-gateway.ts';
import { createEtcdStore } from '../../../src/records/etcd-store.ts';
import { openStore } from '../../../src/records/open-store.ts';
import { VersionRecords } from '../../../src/records/records.ts';
import type { Claimant } from '../../../src/run/journal/records.ts';
import { RunRecords } from '../../../src/run/journal/run-records.ts';
import { storeConformance } from '../../records/conformance.ts';
import { scaledConformance } from '../../records/scaled-conformance.ts';
import type { Fleet } from '../../run/fleet.ts';
import { isEffect } from '../../run/fleet.ts';
import { fleets, playbook, put } from '../../run/fleets.ts';
import { besideNames, plimsoll as program } from '../../support/plimsoll.ts';
import { EtcdServer } from './etcd-server.ts';

const never = new AbortController().signal;
const password = 'pass:word with a colon';
const asPlimsoll = { ETCDCTL_USER: 'plimsoll', ETCDCTL_PASSWORD: password };
const by = (run: string): Claimant => ({ run, who: `${run}@laptop`, at: '2026-11-20T10:00:00.000Z' });
const app = { kind: 'container', name: 'app' } as const;
const servers: EtcdServer[] = [];

beforeAll(() => {
  for (const program of ['/usr/bin/etcd', '/usr/bin/etcdctl', '/usr/bin/openssl'])
    if (!existsSync(program)) throw new Error(`${program} is missing: npm run lab:setup provides it`);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()));
});

async function started(options: { readonly tls?: boolean } = {}): Promise<EtcdServer> {
  const server = await EtcdServer.start(options);
  servers.push(server);
  return server;
}

/** TLS both ways, and a user whose role reaches the records and nothing else. */
async function guarded(): Promise<EtcdServer> {
  const server = await started({ tls: true });
  const done = [
    server.ctl('user', 'add', 'root:secret'),
    server.ctl('user', 'grant-role', 'root', 'root'),
    server.ctl('role', 'add', 'records'),
    server.ctl('role', 'grant-permission', 'records', '--prefix=true', 'readwrite', 'plimsoll/'),
    server.ctl('user', 'add', 'plimsoll', '--new-user-password', password),
    server.ctl('user', 'grant-role', 'plimsoll', 'records'),
    server.ctl('auth', 'enable'),
  ];
  expect(done.map(({ status, stderr }) => (status === 0 ? '' : stderr))).toEqual(done.map(() => ''));
  return server;
}

storeConformance('etcd', async () => {
  const server = await started();
  return { one: server.store(), other: server.store() };
});

scaledConformance('etcd', async () => {
  const server = await started();
  return { one: server.store(), other: server.store() };
});

storeConformance('etcd with TLS and a user', async () => {
  const server = await guarded();
  return { one: server.store(asPlimsoll), other: server.store({ ETCDCTL_USER: `plimsoll:${password}` }) };
});

describe('an etcd that lets nobody in', () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await guarded();
  });

  it('wants a user, and the right password: it is said what to set, and no password', async () => {
    const wrong = { ETCDCTL_USER: 'plimsoll', ETCDCTL_PASSWORD: 'wrong-secret' };
    for (const env of [{}, wrong]) {
      const error: unknown = await server
        .store(env)
        .check(never)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'records-unavailable',
        message: expect.stringContaining(server.address),
        hint: expect.stringContaining('ETCDCTL_USER'),
      });
      expect(JSON.stringify(error) + String(error)).not.toContain('wrong-secret');
    }
  });

  it('wants the client’s certificate, and has to show one of its own', async () => {
    const { ETCDCTL_CACERT, ...rest } = server.env;
    const settings = { records: server.address, stateDirectory: server.directory };
    await expect(openStore({ ...settings, env: { ...rest, ...asPlimsoll } }).check(never)).rejects.toMatchObject({
      code: 'records-unavailable',
      message: expect.stringMatching(/certificate/),
    });
    await expect(openStore({ ...settings, env: { ETCDCTL_CACERT, ...asPlimsoll } }).check(never)).rejects.toMatchObject(
      { code: 'records-unavailable' },
    );
  });

  it('forgets its tokens when it is restarted: a new one is asked for', async () => {
    const store = server.store(asPlimsoll);
    expect(await store.createIfAbsent('plimsoll/h/volume/token/00000001', { is: 1 }, never)).toBe(true);
    await server.kill();
    await server.start();
    expect((await store.get('plimsoll/h/volume/token/00000001', never))?.value).toEqual({ is: 1 });
  });

  it('reaches no key beside the records', async () => {
    const gateway = new EtcdGateway({ endpoints: [server.endpoint] });
    await expect(gateway.call('/v3/kv/range', { key: 'eA==' }, z.object({}), never)).rejects.toMatchObject({
      code: 'records-unavailable',
    });
    await expect(server.store(asPlimsoll).get('other', never)).rejects.toMatchObject({
      message: expect.stringContaining('permission denied'),
    });
  });
});

describe('endpoints', () => {
  it('are tried in turn; what each has said is in the error', async () => {
    const server = await started();
    const store = createEtcdStore({ endpoints: ['127.0.0.1:1', server.endpoint] });
    expect(await store.createIfAbsent('plimsoll/h/volume/e/00000001', { is: 1 }, never)).toBe(true);
    expect((await store.get('plimsoll/h/volume/e/00000001', never))?.value).toEqual({ is: 1 });
    await server.kill();
    await expect(store.check(never)).rejects.toMatchObject({
      code: 'records-unavailable',
      message: expect.stringMatching(/ECONNREFUSED.*127\.0\.0\.1:1: .*ECONNREFUSED/),
      hint: expect.stringContaining('PLIMSOLL_RECORDS'),
    });
  });

  it('one that answers nobody is given up in time, and an operator who stops is heard', async () => {
    const server = await started();
    const store = createEtcdStore({ endpoints: [server.endpoint], timeoutMs: 300 });
    await store.check(never);
    await server.freeze();
    await expect(store.check(never)).rejects.toMatchObject({
      code: 'records-unavailable',
      message: expect.stringContaining('no answer in time'),
    });
    const stop = new AbortController();
    const asked = createEtcdStore({ endpoints: [server.endpoint], timeoutMs: 60_000 }).check(stop.signal);
    stop.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
    server.thaw();
    await store.check(never);
  });
});

describe('versions in etcd', () => {
  it('of two laptops one has the version, and the other is told who', async () => {
    const server = await started();
    const laptops = ['ann', 'bob'].map((name) => ({ name, records: new VersionRecords(server.store()) }));
    for (let version = 1; version <= 10; version += 1) {
      const claims = await Promise.allSettled(
        laptops.map(({ name, records }) =>
          records.claim('h', { ...app, spec: { by: name } }, by(`${name}-${String(version)}`), never),
        ),
      );
      const winner = claims.findIndex(({ status }) => status === 'fulfilled');
      const [won, lost] = winner === 0 ? ['ann', 1] : ['bob', 0];
      expect(claims[lost]).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'records-conflict',
          message: expect.stringContaining(
            `belongs to run ${won}-${String(version)} of ${won}-${String(version)}@laptop`,
          ),
        },
      });
      await laptops[winner]?.records.settle(
        'h',
        { ...app, version },
        'current',
        by(`${won}-${String(version)}`),
        never,
      );
    }
    const history = await laptops[0]?.records.history({ host: 'h', ...app }, never);
    expect(history?.map(({ state }) => state)).toEqual([...Array<string>(9).fill('replaced'), 'current']);
  });

  it('are all there after etcd has been compacted, and can be changed', async () => {
    const server = await started();
    const records = new VersionRecords(server.store());
    for (const run of ['a', 'b', 'c'])
      await records.settle(
        'h',
        await records.claim('h', { ...app, spec: { run } }, by(run), never),
        'current',
        by(run),
        never,
      );
    const before = await records.history({ host: 'h', ...app }, never);
    const revision = /"revision":(\d+)/.exec(server.ctl('endpoint', 'status', '-w', 'json').stdout)?.[1] ?? '';
    expect(server.ctl('compact', '--physical=true', revision)).toMatchObject({ status: 0 });
    expect(await records.history({ host: 'h', ...app }, never)).toEqual(before);
    await records.settle('h', { ...app, version: 3 }, 'undone', by('c'), never);
    expect((await records.history({ host: 'h', ...app }, never)).map(({ state }) => state)).toEqual([
      'replaced',
      'current',
      'undone',
    ]);
  });
});

describe('a run whose etcd is killed', () => {
  const fleet = fleets();
  const steps = playbook(`{ ${put('b')} }\n{ ${put('a', 'new', ', makes: app')} }`);
  const states = async (server: EtcdServer): Promise<readonly string[]> =>
    (await new VersionRecords(server.store()).history({ host: 'h', ...app }, never)).map(
      ({ version, state }) => `${String(version)} ${state}`,
    );
  const settle = async (one: Fleet): Promise<readonly string[]> => {
    const keeper = new RunRecords({
      records: one.versions,
      runId: 'test',
      who: 'ann@laptop',
      mode: 'apply',
      earlier: [...one.records],
      signal: never,
    });
    return (
      await keeper.settle(
        'h',
        keeper.watching({
          append: (record) => {
            one.records.push(record);
            return Promise.resolve();
          },
          close: () => Promise.resolve(),
        }),
      )
    ).owed;
  };

  it('before it: nothing is touched, and the error says where and what to do', async () => {
    const server = await started();
    const one = fleet();
    one.versions = new VersionRecords(server.store());
    await server.kill();
    expect(await one.run(steps)).toMatchObject({
      exitCode: 4,
      hosts: [
        {
          status: 'refused',
          error: {
            code: 'records-unavailable',
            message: expect.stringContaining(server.endpoint),
            hint: expect.stringContaining('--records'),
          },
        },
      ],
    });
    expect([one.read('h', 'a'), one.read('h', 'b'), one.journalsOpened]).toEqual([undefined, undefined, 0]);
    await server.start();
    expect(await one.run(steps)).toMatchObject({ exitCode: 0, hosts: [{ owed: [] }] });
    expect(await states(server)).toEqual(['1 current']);
  });

  it.each(['before the version is claimed', 'after it has been claimed'])(
    'during it, %s: the run is done, the rest is owed, and settled when it is back',
    async (when) => {
      const server = await started();
      let effects = 0;
      const one = fleet({
        hosts: ['h'],
        before: async (_host, command) => {
          effects += isEffect(command) ? 1 : 0;
          if (isEffect(command) && effects === (when.startsWith('before') ? 1 : 2)) await server.kill();
        },
      });
      one.versions = new VersionRecords(server.store());
      const result = await one.run(steps);
      expect(result).toMatchObject({
        exitCode: 0,
        hosts: [{ status: 'changed', owed: [expect.stringContaining('plimsoll records settle test')] }],
      });
      expect([one.read('h', 'a'), one.read('h', 'b')]).toEqual(['new', 'b']);
      expect(await settle(one)).toHaveLength(1);
      await server.start();
      expect(await states(server)).toEqual(when.startsWith('before') ? [] : ['1 pending']);
      expect(await settle(one)).toEqual([]);
      expect(await states(server)).toEqual(['1 current']);
    },
  );

  it('during it, with the laptop: resume does the rest, and settles the version', async () => {
    const server = await started();
    const one = fleet({
      hosts: ['h'],
      recorded: (record, self) => {
        if (record.type === 'intent' && record.records !== undefined) self.kill();
      },
    });
    one.versions = new VersionRecords(server.store());
    await one.untilKilled(() => one.run(steps));
    expect(await states(server)).toEqual(['1 pending']);
    await server.kill();
    expect(await one.goOn('resume', steps)).toMatchObject({
      exitCode: 0,
      hosts: [{ owed: [expect.stringContaining('records settle')] }],
    });
    expect(one.read('h', 'a')).toBe('new');
    await server.start();
    expect(await settle(one)).toEqual([]);
    expect(await states(server)).toEqual(['1 current']);
  });

  it('after it: what was confirmed is there, and a rollback is owed and settled', async () => {
    const server = await started();
    const one = fleet();
    one.versions = new VersionRecords(server.store());
    await one.run(steps);
    await server.kill();
    expect(await one.goOn('rollback', steps)).toMatchObject({
      exitCode: 0,
      hosts: [{ owed: [expect.stringContaining('undone')] }],
    });
    expect(one.read('h', 'a')).toBeUndefined();
    await server.start();
    expect(await states(server)).toEqual(['1 current']);
    expect(await settle(one)).toEqual([]);
    expect(await states(server)).toEqual(['1 undone']);
  });
});

describe('plimsoll with its records in etcd', () => {
  it('records what it makes of a volume, shows it, takes it back, and writes it down anew', async () => {
    const server = await guarded();
    const mib = 1024 ** 2;
    const fleet = await startFleet([
      {
        name: 'web-1',
        kind: 'overlay2-pquota',
        volumes: [{ name: 'foo', bytes: 20 * mib }],
        containers: [{ name: 'app', volumes: { foo: '/data' }, restart: 'always' }],
      },
    ]);
    try {
      const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
      const playbook = join(fleet.directory, 'scale.yaml');
      const env = {
        XDG_STATE_HOME: join(fleet.directory, 'state'),
        PLIMSOLL_RECORDS: server.address,
        ...server.env,
        ...asPlimsoll,
      };
      const plimsoll = async (...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await program(args, env);
        expect({ code, stderr: besideNames(stderr) }, stdout).toEqual({ code: 0, stderr: '' });
        return stdout;
      };
      const scaled = async (size: string, method: string): Promise<void> => {
        writeFileSync(
          playbook,
          `hosts: all\nsteps:\n  - scale_volume: { volume: foo, size: ${size}, method: ${method}, gate: { seconds: 1s } }\n`,
        );
        await plimsoll('apply', playbook, '-i', inventory, '--yes');
      };
      const history = async (): Promise<readonly string[]> => {
        const { versions } = z
          .object({
            versions: z.array(
              z.object({
                version: z.number(),
                state: z.string(),
                spec: z.object({ name: z.string(), sizeBytes: z.number() }),
              }),
            ),
          })
          .parse(JSON.parse(await plimsoll('history', 'volume', 'foo', '--output', 'json')));
        return versions.map(
          ({ version, state, spec }) => `${String(version)} ${state} ${spec.name} ${String(spec.sizeBytes / mib)}`,
        );
      };
      await scaled('40MiB', 'copy');
      expect(await history()).toEqual(['1 current foo-1 40', '0 replaced foo 20']);
      const {
        runs: [newest],
      } = z
        .object({ runs: z.array(z.object({ runId: z.string() })) })
        .parse(JSON.parse(await plimsoll('runs', '--json')));
      await plimsoll('rollback', newest?.runId ?? '', '--yes');
      expect(await history()).toEqual(['1 undone foo-1 40', '0 current foo 20']);
      await scaled('60MiB', 'copy');
      expect(await history()).toEqual(['2 current foo-2 60', '1 undone foo-1 40', '0 replaced foo 20']);
      expect(await plimsoll('history', 'volume', 'foo')).toMatch(/web-1 {2}2 {8}current {3}foo-2 60 MiB/);
      // Of another place nothing is known yet.
      const elsewhere = ['--records', `file:${join(fleet.directory, 'elsewhere')}`];
      expect(await plimsoll('records', 'rebuild', '--yes', '-i', inventory, ...elsewhere)).toBe(
        'web-1: version 2 of volume foo (foo-2 60 MiB): not recorded → current\nweb-1: 1 version written\n',
      );
      expect(await plimsoll('records', 'rebuild', '--yes', '-i', inventory, ...elsewhere)).toBe(
        'web-1: 0 versions written\n',
      );
      expect(await plimsoll('history', 'volume', 'foo', ...elsewhere)).toMatch(
        /web-1 {2}2 {8}current {2}foo-2 60 MiB .* read from the host/,
      );
    } finally {
      await fleet.stop();
    }
  });
});
