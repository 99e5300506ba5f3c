import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { HostPlan } from '../../src/plan/plan.ts';
import { nothingBefore } from '../../src/run/journal/basis.ts';
import type { JournalRecord } from '../../src/run/journal/journal.ts';
import type { Fleet } from './fleet.ts';
import { isEffect } from './fleet.ts';
import { fleets, note, playbook, put } from './fleets.ts';
import { statusOf } from './work/records.ts';

const fleet = fleets();
const linesOf = (one: Fleet, name = 'notes', host = 'h'): readonly string[] =>
  (one.read(host, name) ?? '').split('\n').filter((line) => line !== '');
const untilGo = 'while [ ! -e "$2.go" ]; do sleep 0.05; done';
const ofType = (one: Fleet, ...types: readonly JournalRecord['type'][]): readonly string[] =>
  one.records.filter(({ type }) => types.includes(type)).map(({ type }) => type);

describe.concurrent('a laptop that is gone', () => {
  const steps = playbook(
    `{ ${put('a')} }\n{ name: noted, ${note('x')}, register: out }\n{ ${put('b', 'b', ', atomic: false')} }`,
  );

  // Intent and outcome of three effects, the host's end, the run's end.
  it.each(Array.from({ length: 7 }, (_, index) => index + 1))(
    'after record %i of the journal: everything is done, once',
    async (number) => {
      const one = fleet({
        hosts: ['h'],
        recorded: (_record, self) => {
          if (self.records.length === number) self.kill();
        },
      });
      await one.untilKilled(() => one.run(steps));
      const result = await one.goOn('resume', steps);
      const expected = { a: 'a', b: 'b', notes: ['x'] };
      if (number === 7) {
        // The host was done.
        expect(result.hosts).toEqual([]);
      } else {
        expect(result).toMatchObject({ exitCode: 0, hosts: [{ host: 'h' }] });
      }
      expect({ a: one.read('h', 'a'), b: one.read('h', 'b'), notes: linesOf(one) }).toEqual(expected);
      expect(one.history().hosts).toMatchObject([{ state: 'done', open: [] }]);
    },
  );

  it('with the answer to each effect on its way: everything is done, once', async () => {
    for (const number of [1, 2, 3]) {
      let effects = 0;
      const one = fleet({
        hosts: ['h'],
        after: (_host, command, self) => {
          effects += isEffect(command) ? 1 : 0;
          if (isEffect(command) && effects === number) self.kill();
        },
      });
      await one.untilKilled(() => one.run(steps));
      expect(await one.goOn('resume', steps)).toMatchObject({ exitCode: 0 });
      expect({ a: one.read('h', 'a'), b: one.read('h', 'b'), notes: linesOf(one) }).toEqual({
        a: 'a',
        b: 'b',
        notes: ['x'],
      });
    }
  });

  it('while a program runs: it is followed to its end, and what it printed is registered', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command)) self.kill();
      },
    });
    const slow = playbook(
      `{ name: slow, ${note('x', `${untilGo}; echo said`)}, register: out }\n{ ${put('a', '"${{ out.lines[0] }}"')} }`,
    );
    await one.untilKilled(() => one.run(slow));
    expect(
      await one.goOn('resume', slow, {
        emit: (event) => {
          if (event.type === 'host.connected') one.write('h', 'notes.go', '');
        },
      }),
    ).toMatchObject({ status: 'changed', hosts: [{ applied: ['a: nothing → said'] }] });
    expect({ notes: linesOf(one), a: one.read('h', 'a') }).toEqual({ notes: ['x'], a: 'said' });
  });

  it('while a program runs that is then killed with the host: nobody guesses', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command)) self.kill();
      },
    });
    const slow = playbook(`{ name: slow, ${note('x', untilGo)} }\n{ ${put('a')} }`);
    await one.untilKilled(() => one.run(slow));
    const [name = ''] = one.works('h');
    process.kill(-statusOf(one.stateOf('h'), 'test', name)[0], 'SIGKILL');
    const result = await one.goOn('resume', slow);
    expect(result).toMatchObject({
      exitCode: 4,
      hosts: [
        {
          status: 'refused',
          step: 'slow',
          error: {
            message: expect.stringContaining(
              'it was begun in this run, and it is not known whether it came to its end',
            ),
            hint: expect.stringContaining('--unfinished'),
          },
        },
      ],
    });
    expect({ notes: linesOf(one), a: one.read('h', 'a') }).toEqual({ notes: ['x'], a: undefined });
  });

  it('in the middle of a change that is killed with the host: it is planned from what is there', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command)) self.kill();
      },
    });
    const argv = `[/bin/sh, -c, 'printf half >"$1"; while [ ! -e "$1.go" ]; do sleep 0.05; done; printf whole >"$1"', sh, "\${{ vars.dir }}/a"]`;
    const slow = playbook(`{ ${put('a', 'whole', `, argv: ${argv}`)} }`);
    await one.untilKilled(() => one.run(slow));
    const [name = ''] = one.works('h');
    process.kill(-statusOf(one.stateOf('h'), 'test', name)[0], 'SIGKILL');
    one.write('h', 'a.go', '');
    const result = await one.goOn('resume', slow);
    expect(result).toMatchObject({ status: 'changed', hosts: [{ applied: ['a: half → whole'] }] });
    expect(one.records.filter((record) => record.type === 'outcome')).toMatchObject([
      { error: { code: 'outcome-unknown' } },
      {},
    ]);
  });

  it('with half of a loop done: the rest is, and every item is registered', async () => {
    const one = fleet({
      hosts: ['h'],
      recorded: (record, self) => {
        if (record.type === 'outcome' && record.step === '1.1[2]') self.kill();
      },
    });
    const loop = playbook(
      `{ name: each, command: [/bin/sh, -c, 'echo "$1" >>"$2"; echo "$1"', sh, "\${{ item }}", "\${{ vars.dir }}/notes"], loop: [x, y, z], register: all }\n{ ${put('a', '"${{ all[0].lines[0] + all[1].lines[0] + all[2].lines[0] }}"')} }`,
    );
    await one.untilKilled(() => one.run(loop));
    expect(await one.goOn('resume', loop)).toMatchObject({ status: 'changed' });
    expect({ notes: linesOf(one), a: one.read('h', 'a') }).toEqual({ notes: ['x', 'y', 'z'], a: 'xyz' });
  });

  it.each(['intent', 'outcome'] as const)('after the %s of a size that is relative: it grows once', async (type) => {
    const one = fleet({
      hosts: ['h'],
      recorded: (record, self) => {
        if (record.type === type) self.kill();
      },
    });
    one.write('h', 'n', '10');
    const grow = playbook('{ add: { path: "${{ vars.dir }}/n", by: 5 } }');
    await one.untilKilled(() => one.run(grow));
    expect(await one.goOn('resume', grow)).toMatchObject({ exitCode: 0 });
    expect(one.read('h', 'n')).toBe('15');
  });

  it('in a pause, which has no effect: it is simply done again', async () => {
    const one = fleet({
      hosts: ['h'],
      recorded: (record, self) => {
        if (record.type === 'intent') self.kill();
      },
    });
    const pause = playbook(`{ pause: { seconds: 1 } }\n{ ${put('a')} }`);
    await one.untilKilled(() => one.run(pause));
    expect(await one.goOn('resume', pause)).toMatchObject({ exitCode: 0 });
    expect(one.read('h', 'a')).toBe('a');
  });
});

describe.concurrent('a run that goes on', () => {
  it('after a second laptop was lost while it settled', async () => {
    let looks = 0;
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        looks += 1;
        if (isEffect(command) || looks === 2) self.kill();
      },
    });
    const slow = playbook(`{ name: slow, ${note('x', untilGo)} }`);
    await one.untilKilled(() => one.run(slow));
    await one.untilKilled(() => one.goOn('resume', slow));
    one.write('h', 'notes.go', '');
    expect(await one.goOn('resume', slow)).toMatchObject({ exitCode: 0 });
    expect(linesOf(one)).toEqual(['x']);
  });

  it('after it was detached: what went on is taken for what it is', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (!isEffect(command) || self.detach.signal.aborted) return;
        self.detach.abort(new AppError('interrupted', 'detached'));
        self.controller.abort(new AppError('interrupted', 'interrupted by a signal'));
      },
    });
    const slow = playbook(`{ name: slow, ${note('x', untilGo)} }\n{ ${put('a')} }`);
    expect(await one.run(slow)).toMatchObject({
      status: 'interrupted',
      exitCode: 130,
      hosts: [{ step: 'slow', applied: [], error: { code: 'interrupted' } }],
    });
    expect(one.history().hosts).toMatchObject([{ state: 'interrupted', open: [{ name: 'slow' }] }]);
    one.write('h', 'notes.go', '');
    const again = new AbortController().signal;
    expect(await one.goOn('resume', slow, { signal: again, detach: again })).toMatchObject({
      exitCode: 0,
      hosts: [{ applied: ['a: nothing → a'] }],
    });
    expect(linesOf(one)).toEqual(['x']);
  });

  it('after it was interrupted: the program that was ended is begun again', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command)) self.controller.abort(new AppError('interrupted', 'interrupted by a signal'));
      },
    });
    const slow = playbook(`{ name: slow, ${note('x', untilGo)} }`);
    expect(await one.run(slow)).toMatchObject({
      status: 'interrupted',
      hosts: [{ error: { message: expect.stringContaining('ended half way') } }],
    });
    expect(ofType(one, 'intent', 'outcome')).toEqual(['intent', 'outcome']);
    one.write('h', 'notes.go', '');
    expect(await one.goOn('resume', slow, { signal: new AbortController().signal })).toMatchObject({ exitCode: 0 });
    expect(linesOf(one)).toEqual(['x', 'x']);
  });

  it('leaves out hosts that are done, and takes those that failed or never began', async () => {
    const one = fleet(['a', 'b', 'c']);
    one.write('b', 'fails', '');
    const steps = playbook(
      `{ name: may fail, ${note('x', 'test ! -e "${2%notes}fails"')} }`,
      'batch: 1\nmax_failures: 0\n',
    );
    expect((await one.run(steps)).hosts.map(({ status }) => status)).toEqual(['changed', 'failed', 'not-started']);
    rmSync(join(one.root, 'b', 'fails'));
    const result = await one.goOn('resume', steps);
    expect(result.hosts.map(({ host, status }) => [host, status])).toEqual([
      ['b', 'changed'],
      ['c', 'changed'],
    ]);
    expect([linesOf(one, 'notes', 'a'), linesOf(one, 'notes', 'b'), linesOf(one, 'notes', 'c')]).toEqual([
      ['x'],
      ['x', 'x'],
      ['x'],
    ]);
  });

  it('has not done a host whose later play was never begun', async () => {
    const one = fleet({
      hosts: ['a', 'b'],
      recorded: (record, self) => {
        if (record.type === 'intent' && record.step === '2.1') self.kill();
      },
    });
    const plays = [
      `- hosts: all\n  steps:\n    - { ${note('first')} }\n`,
      `- hosts: all\n  batch: 1\n  steps:\n    - { ${note('second')} }\n`,
    ].join('');
    await one.untilKilled(() => one.run(plays));
    expect(one.history().hosts.map(({ state }) => state)).toEqual(['interrupted', 'interrupted']);
    expect(await one.goOn('resume', plays)).toMatchObject({ exitCode: 0 });
    expect([linesOf(one, 'notes', 'a'), linesOf(one, 'notes', 'b')]).toEqual([
      ['first', 'second'],
      ['first', 'second'],
    ]);
  });

  it('has not done a host whose later play did not come: too many had failed', async () => {
    const one = fleet(['a', 'b']);
    const plays = [
      `- hosts: all\n  max_failures: 0\n  steps:\n    - { name: may fail, command: [/bin/sh, -c, 'test "$1" = b', sh, "\${{ host.name }}"] }\n`,
      `- hosts: all\n  steps:\n    - { ${note('second')} }\n`,
    ].join('');
    const result = await one.run(plays);
    expect(result.hosts.map(({ status }) => status)).toEqual([
      'failed',
      expect.stringMatching(/not-started|interrupted/),
    ]);
    expect(one.history().hosts.map(({ state }) => state)).toEqual([
      'failed',
      expect.stringMatching(/not-started|interrupted/),
    ]);
  });

  it('does not keep the host locked while its plan is read', async () => {
    const one = fleet({
      hosts: ['h'],
      recorded: (record, self) => {
        if (record.type === 'intent') self.kill();
      },
    });
    const steps = playbook(`{ ${put('a')} }`);
    await one.untilKilled(() => one.run(steps));
    const free: boolean[] = [];
    const review = (): Promise<boolean> => {
      free.push(spawnSync('flock', ['-n', join(one.stateOf('h'), 'lock'), 'true']).status === 0);
      return Promise.resolve(true);
    };
    expect(await one.goOn('resume', steps, { review })).toMatchObject({ status: 'changed' });
    expect(free).toEqual([true]);
  });

  it('waits for what has the lock of its own', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command)) self.kill();
      },
    });
    const slow = playbook(`{ name: slow, ${note('x', untilGo)} }\n{ ${put('a')} }`);
    await one.untilKilled(() => one.run(slow));
    const other = {
      holder: { run: 'other', by: 'eve@laptop', reason: 'apply q', since: '2026-11-20T00:00:00.000Z' },
      waitMs: 0,
    };
    // Another run is told who works there.
    expect(
      await one.run(playbook(`{ ${put('b')} }`), {
        runId: 'other',
        lock: other,
        openJournal: () => Promise.resolve({ append: () => Promise.resolve(), close: () => Promise.resolve() }),
      }),
    ).toMatchObject({
      exitCode: 6,
      hosts: [{ status: 'locked', error: { message: expect.stringContaining('run test, by tester@here') } }],
    });
    setTimeout(() => {
      one.write('h', 'notes.go', '');
    }, 100);
    expect(await one.goOn('resume', slow)).toMatchObject({ exitCode: 0 });
  });
});

describe.concurrent('a saved plan', () => {
  const steps = playbook(`{ name: first, ${put('a')} }\n{ name: second, ${put('b')} }`);

  async function saved(one: Fleet): Promise<ReadonlyMap<string, HostPlan>> {
    await one.run(steps, { mode: 'plan' });
    return new Map((one.plan?.hosts ?? []).map((host) => [host.host, host]));
  }

  it('is carried out where it is still true; a host that is different is left alone', async () => {
    const one = fleet(['same', 'other']);
    const plans = await saved(one);
    one.write('other', 'b', 'somebody else');
    const result = await one.run(steps, { basis: { ...nothingBefore, approved: (host) => plans.get(host) } });
    expect(result).toMatchObject({
      exitCode: 5,
      hosts: [
        { status: 'changed' },
        { status: 'drifted', applied: [], error: { message: expect.stringContaining('second') } },
      ],
    });
    expect({
      same: [one.read('same', 'a'), one.read('same', 'b')],
      other: existsSync(join(one.root, 'other', 'a')),
    }).toEqual({ same: ['a', 'b'], other: false });
  });

  it('has none for a host that could not be planned', async () => {
    const one = fleet(['h']);
    const result = await one.run(steps, {
      basis: {
        ...nothingBefore,
        approved: (host) => ({ host, steps: [], error: new AppError('unreachable', 'it was away') }),
      },
    });
    expect(result).toMatchObject({
      exitCode: 4,
      hosts: [{ status: 'refused', error: { message: 'no plan was saved for this host: it was away' } }],
    });
  });
});
