import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import { VersionRecords } from '../../src/records/records.ts';
import type { VersionRecord } from '../../src/records/version-record.ts';
import type { Records } from '../../src/run/journal/records.ts';
import { RunRecords } from '../../src/run/journal/run-records.ts';
import { summaryOf, totalsOf } from '../../src/run/journal/run-summary.ts';
import type { Fleet, FleetOptions } from './fleet.ts';
import { isEffect } from './fleet.ts';
import { fleets, playbook, put } from './fleets.ts';

const fleet = fleets();
const never = new AbortController().signal;
const other = { run: 'another', who: 'bob@desk', at: '2026-11-20T09:00:00.000Z' };
const app = { kind: 'container', name: 'app' } as const;
const makes = (text: string, more = ''): string => put('a', text, `, makes: app${more}`);

const onlyTheSecondTime = `[/bin/sh, -c, 'if [ -e "$1.tried" ]; then printf new >"$1"; else touch "$1.tried"; exit 3; fi', sh, "\${{ vars.dir }}/a"]`;

/** The fleet's own records, which can be away; and what was asked of them. */
class Reach implements Records {
  readonly inner: VersionRecords;
  readonly asked: string[] = [];
  away = false;

  constructor(inner: Records) {
    if (!(inner instanceof VersionRecords)) throw new Error('these are the records of a fleet');
    this.inner = inner;
  }

  check(...args: Parameters<Records['check']>): Promise<void> {
    return this.#ask('check', () => this.inner.check(...args));
  }

  claim(...args: Parameters<Records['claim']>): ReturnType<Records['claim']> {
    return this.#ask('claim', () => this.inner.claim(...args));
  }

  settle(...args: Parameters<Records['settle']>): Promise<void> {
    return this.#ask(args[2], () => this.inner.settle(...args));
  }

  scaled(...args: Parameters<Records['scaled']>): ReturnType<Records['scaled']> {
    return this.#ask('scaled', () => this.inner.scaled(...args));
  }

  async #ask<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    this.asked.push(what);
    if (this.away)
      throw new AppError(
        'records-unavailable',
        'the records in etcd://e:2379 cannot be used: e:2379: connect ECONNREFUSED',
        { hint: 'is etcd up?' },
      );
    return work();
  }
}

function recorded(options: FleetOptions = { hosts: ['h'] }): { readonly one: Fleet; readonly reach: Reach } {
  const one = fleet(options);
  const reach = new Reach(one.versions);
  one.versions = reach;
  return { one, reach };
}

const versions = ({ inner }: Reach): Promise<readonly VersionRecord[]> => inner.history({ host: 'h', ...app }, never);
const states = async (reach: Reach): Promise<readonly string[]> =>
  (await versions(reach)).map(({ version, state }) => `${String(version)} ${state}`);

/** What `plimsoll records settle` does. */
async function settle(one: Fleet): Promise<readonly string[]> {
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
}

describe.concurrent('the versions that a run makes', () => {
  it('are claimed before the first effect, and current after it', async () => {
    const during: string[][] = [];
    const { one, reach } = recorded({
      hosts: ['h'],
      before: async (_host, command) => {
        if (isEffect(command)) during.push([...(await states(reach))]);
      },
    });
    expect(await one.run(playbook(`{ ${makes('new')} }`))).toMatchObject({
      exitCode: 0,
      hosts: [{ status: 'changed', owed: [] }],
    });
    expect(during).toEqual([['1 pending']]);
    expect(await versions(reach)).toMatchObject([
      { version: 1, state: 'current', run: 'test', who: 'ann@laptop', spec: { text: 'new' } },
    ]);
    expect(one.records.map(({ type }) => type)).toEqual(['intent', 'outcome', 'recorded', 'host', 'end']);
    expect(one.records[0]).toMatchObject({ records: [{ ...app, version: 1 }] });
    expect(reach.asked).toEqual(['check', 'claim', 'current']);
  });

  it('a plan only looks whether they could be recorded; where nothing is to be done not even that', async () => {
    const { one, reach } = recorded();
    await one.run(playbook(`{ ${makes('new')} }`), { mode: 'plan' });
    expect(reach.asked).toEqual(['check']);
    one.write('h', 'a', 'new');
    await one.run(playbook(`{ ${makes('new')} }`));
    expect(reach.asked).toEqual(['check']);
  });

  it('a run that makes none asks nobody', async () => {
    const { one, reach } = recorded();
    reach.away = true;
    expect(await one.run(playbook(`{ ${put('a')} }`))).toMatchObject({ exitCode: 0 });
    await one.goOn('rollback', playbook(`{ ${put('a')} }`));
    expect(reach.asked).toEqual([]);
  });

  it('one that fails is given up, and is claimed again by the next attempt', async () => {
    const { one, reach } = recorded();
    const steps = playbook(`{ ${makes('new', `, argv: ${onlyTheSecondTime}`)} }`);
    expect(await one.run(steps)).toMatchObject({ exitCode: 1 });
    expect(await states(reach)).toEqual(['1 abandoned']);
    expect(await one.goOn('resume', steps)).toMatchObject({ exitCode: 0 });
    expect(await states(reach)).toEqual(['1 current']);
  });

  it('a retry within the run has the same version', async () => {
    const { one, reach } = recorded();
    expect(
      await one.run(playbook(`{ ${makes('new', `, argv: ${onlyTheSecondTime}`)}, retries: 2, delay: 1s }`)),
    ).toMatchObject({ exitCode: 0 });
    expect(await states(reach)).toEqual(['1 current']);
    expect(reach.asked).toEqual(['check', 'claim', 'abandoned', 'claim', 'current']);
  });

  it('taken back by a rollback: undone, and what was there before is current again', async () => {
    const { one, reach } = recorded();
    const before = await reach.inner.claim('h', { ...app, spec: { text: 'old' } }, other, never);
    await reach.inner.settle('h', before, 'current', other, never);
    one.write('h', 'a', 'old');
    const steps = playbook(`{ ${makes('new')} }`);
    await one.run(steps);
    expect(await states(reach)).toEqual(['1 replaced', '2 current']);
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0 });
    expect(one.read('h', 'a')).toBe('old');
    expect(await states(reach)).toEqual(['1 current', '2 undone']);
    expect(reach.asked.slice(3)).toEqual(['undone']);
  });

  it('taken back by hand before the rollback: undone all the same', async () => {
    const { one, reach } = recorded();
    const steps = playbook(`{ ${makes('new')} }`);
    one.write('h', 'a', 'old');
    await one.run(steps);
    one.write('h', 'a', 'old');
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0 });
    expect(await states(reach)).toEqual(['1 undone']);
  });

  it('another run has the version: nothing is done, and it is said who', async () => {
    const { one, reach } = recorded();
    await reach.inner.claim('h', { ...app, spec: {} }, other, never);
    const result = await one.run(playbook(`{ ${makes('new')} }`));
    expect(result).toMatchObject({
      exitCode: 6,
      hosts: [
        {
          status: 'locked',
          error: { code: 'records-conflict', message: expect.stringContaining('belongs to run another of bob@desk') },
        },
      ],
    });
    expect(one.read('h', 'a')).toBeUndefined();
    expect(one.log).not.toContain('effect');
    expect(one.records.map(({ type }) => type)).toEqual(['host', 'end']);
  });
});

describe.concurrent('records that are away', () => {
  it('before anything is touched: an error with the place and the remedy, and no journal', async () => {
    const { one, reach } = recorded({ hosts: ['h', 'i'] });
    reach.away = true;
    one.write('i', 'a', 'new');
    const result = await one.run(playbook(`{ ${put('b')} }\n{ ${makes('new')} }`));
    expect(result).toMatchObject({
      exitCode: 4,
      hosts: [
        {
          host: 'h',
          status: 'refused',
          error: {
            code: 'records-unavailable',
            message: expect.stringContaining('etcd://e:2379'),
            hint: 'is etcd up?',
          },
        },
        { host: 'i', status: 'refused' },
      ],
    });
    expect(one.journalsOpened).toBe(0);
    expect(one.log).not.toContain('effect');
    expect(await one.run(playbook(`{ ${makes('new')} }`), { mode: 'plan' })).toMatchObject({
      exitCode: 10,
      hosts: [{ warnings: [expect.stringContaining('it cannot be applied now')] }, { warnings: [] }],
    });
    expect(one.plan?.hosts).toMatchObject([
      { steps: [{ planned: { warnings: [expect.stringContaining('etcd://e:2379')] } }] },
      { steps: [{ planned: { outcome: 'noop' } }] },
    ]);
  });

  it('from the middle of a change on: it is done, the rest is owed, and settled later', async () => {
    const { one, reach } = recorded({
      hosts: ['h'],
      before: (_host, command) => {
        if (isEffect(command)) reach.away = true;
      },
    });
    const result = await one.run(playbook(`{ ${makes('new')} }`));
    const owed = 'version 1 of container app is made, and not in the records yet: plimsoll records settle test';
    expect(result).toMatchObject({ exitCode: 0, hosts: [{ status: 'changed', owed: [owed] }] });
    expect(one.event('host.finished')).toMatchObject([{ owed: [owed] }]);
    const history = one.history();
    expect(history.hosts).toMatchObject([{ state: 'done', owed: [owed] }]);
    expect(summaryOf({ runId: 'test', directory: '/x' }, totalsOf(history), undefined)).toMatchObject({
      owed: 1,
      next: ['plimsoll records settle test'],
    });
    expect(await settle(one)).toEqual([owed]);
    reach.away = false;
    expect(await settle(one)).toEqual([]);
    expect(await states(reach)).toEqual(['1 current']);
    expect(one.history().hosts).toMatchObject([{ owed: [] }]);
    reach.asked.length = 0;
    await settle(one);
    expect(reach.asked).toEqual([]);
  });

  it('before a later change: it goes on unclaimed, and its version is made afterwards', async () => {
    const { one, reach } = recorded({
      hosts: ['h'],
      recorded: (record) => {
        if (record.type === 'intent' && record.operation === 'put') reach.away = true;
      },
    });
    const steps = playbook(`{ ${put('b')} }\n{ ${makes('new')} }`);
    const owed = ['the new version of container app is made, and not in the records yet: plimsoll records settle test'];
    expect(await one.run(steps)).toMatchObject({ exitCode: 0, hosts: [{ owed }] });
    expect(one.read('h', 'a')).toBe('new');
    expect(await versions(reach)).toEqual([]);
    reach.away = false;
    expect(await settle(one)).toEqual([]);
    expect(await states(reach)).toEqual(['1 current']);
    expect(await settle(one)).toEqual([]);
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0 });
    expect(await states(reach)).toEqual(['1 undone']);
  });

  it('during a rollback: it is taken back, and that is owed', async () => {
    const { one, reach } = recorded();
    const steps = playbook(`{ ${makes('new')} }`);
    await one.run(steps);
    reach.away = true;
    expect(await one.goOn('rollback', steps)).toMatchObject({
      exitCode: 0,
      hosts: [
        { owed: ['version 1 of container app is undone, and not in the records yet: plimsoll records settle test'] },
      ],
    });
    expect(one.read('h', 'a')).toBeUndefined();
    reach.away = false;
    await settle(one);
    expect(await states(reach)).toEqual(['1 undone']);
  });

  it('for a change that was never claimed and failed: nothing is owed', async () => {
    const { one, reach } = recorded({
      hosts: ['h'],
      before: (_host, command) => {
        if (isEffect(command)) reach.away = true;
      },
    });
    expect(await one.run(playbook(`{ ${put('b')} }\n{ ${makes('new', `, argv: ['false']`)} }`))).toMatchObject({
      exitCode: 1,
      hosts: [{ owed: [] }],
    });
    expect(one.history().hosts).toMatchObject([{ owed: [] }]);
  });
});

describe.concurrent('a laptop that is gone while versions are made', () => {
  const steps = playbook(`{ ${put('b')} }\n{ ${makes('new')} }\n{ ${put('c')} }`);

  // Two records of the first change, three of the second, two of the third, the host's end.
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'after record %i of the journal: after resume one version is current',
    async (number) => {
      const { one, reach } = recorded({
        hosts: ['h'],
        recorded: (_record, self) => {
          if (self.records.length === number) self.kill();
        },
      });
      await one.untilKilled(() => one.run(steps));
      expect((await one.goOn('resume', steps)).exitCode).toBe(0);
      await settle(one);
      expect(await states(reach)).toEqual(['1 current']);
      expect(one.history().hosts).toMatchObject([{ state: 'done', owed: [] }]);
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7])('after record %i of the journal: after rollback none is', async (number) => {
    const { one, reach } = recorded({
      hosts: ['h'],
      recorded: (_record, self) => {
        if (self.records.length === number) self.kill();
      },
    });
    await one.untilKilled(() => one.run(steps));
    await one.goOn('rollback', steps);
    await settle(one);
    expect(['', '1 undone', '1 abandoned']).toContain((await states(reach)).join());
    expect([one.read('h', 'a'), one.read('h', 'b'), one.read('h', 'c')]).toEqual([undefined, undefined, undefined]);
    expect(one.history().hosts).toMatchObject([{ owed: [] }]);
  });

  it('between the claim and the record of it: the run finds its own claim again', async () => {
    const { one, reach } = recorded();
    await reach.inner.claim(
      'h',
      { ...app, spec: { text: 'new' } },
      { run: 'test', who: 'ann@laptop', at: other.at },
      never,
    );
    expect(await one.run(steps)).toMatchObject({ exitCode: 0 });
    expect(await states(reach)).toEqual(['1 current']);
  });
});
