import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/errors.ts';
import type { RunContext } from '../../src/run/planning/context.ts';
import type { Fleet } from './fleet.ts';
import { isEffect } from './fleet.ts';
import { fleets } from './fleets.ts';

const fleet = fleets();
const path = '"${{ vars.dir }}/a"';
const playbook = (...steps: readonly string[]): string =>
  `hosts: all\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
const put = (text = 'new', more = ''): string => `put: { path: ${path}, text: ${text}${more} }`;
const statuses = (hosts: readonly { readonly host: string; readonly status: string }[]): Record<string, string> =>
  Object.fromEntries(hosts.map(({ host, status }) => [host, status]));

describe.concurrent('a plan', () => {
  const plan: Partial<RunContext> = { mode: 'plan' };

  it('changes nothing, opens no journal, and says what is pending', async () => {
    const one = fleet();
    const result = await one.run(playbook(put()), plan);
    expect({ a: one.read('h', 'a'), log: one.log, journals: one.journalsOpened }).toEqual({
      a: undefined,
      log: ['read'],
      journals: 0,
    });
    expect(result).toMatchObject({
      mode: 'plan',
      pending: true,
      exitCode: 10,
      status: 'ok',
      hosts: [{ host: 'h', status: 'ok', applied: [] }],
    });
    expect(one.eventTypes()).toEqual(['run.started', 'run.finished']);
    expect(one.eventTypes('h')).toEqual(['host.connected', 'facts.read', 'step.planned', 'host.finished']);
    expect(one.event('step.planned')).toMatchObject([
      {
        host: 'h',
        step: 'put',
        operation: 'put',
        outcome: 'change',
        changes: [
          {
            summary: 'a: nothing → new',
            before: { text: null },
            after: { text: 'new' },
            actions: [{ kind: 'exec', command: expect.stringContaining('printf') }],
            undo: [{ command: expect.stringMatching(/^rm -f/) }],
          },
        ],
      },
    ]);
    expect(one.event('run.finished')).toEqual([
      { type: 'run.finished', runId: 'test', status: 'ok', hosts: { h: 'ok' }, exitCode: 10 },
    ]);
  });

  it('ends with 0 when there is nothing to do', async () => {
    const one = fleet();
    one.write('h', 'a', 'new');
    expect(await one.run(playbook(put()), plan)).toMatchObject({ pending: false, exitCode: 0 });
  });

  it('reports every host: refused, unreachable, wrong', async () => {
    const one = fleet({ hosts: ['ok', 'locked', 'away'], unreachable: ['away'] });
    one.write('locked', 'a', 'locked');
    const result = await one.run(playbook(put()), plan);
    expect(statuses(result.hosts)).toEqual({ ok: 'ok', locked: 'refused', away: 'unreachable' });
    expect(result.hosts[1]).toMatchObject({
      step: 'put',
      error: { code: 'refused', message: expect.stringContaining('is locked'), hint: 'unlock it', where: 'p:3:5' },
    });
    expect(result.exitCode).toBe(4);
    expect(one.plan?.hosts.map(({ host, steps, error }) => [host, steps.length, error?.code])).toEqual([
      ['ok', 1, undefined],
      ['locked', 1, 'refused'],
      ['away', 0, 'unreachable'],
    ]);
  });
});

describe.concurrent('an apply', () => {
  it('changes, verifies, and records intent before and outcome after each effect', async () => {
    const one = fleet();
    const result = await one.run(playbook(put()));
    expect(one.read('h', 'a')).toBe('new');
    expect(result).toMatchObject({
      status: 'changed',
      exitCode: 0,
      hosts: [{ status: 'changed', applied: ['a: nothing → new'] }],
    });
    expect(one.log).toEqual([
      'read',
      'read',
      'journal intent',
      'effect',
      'journal outcome',
      'read',
      'journal host',
      'journal end',
      'journal closed',
    ]);
    expect(one.eventTypes('h')).toEqual([
      'host.connected',
      'facts.read',
      'step.planned',
      expect.stringMatching('facts.read'),
      'change.started',
      'change.applied',
      'facts.read',
      'step.verified',
      'host.finished',
    ]);
    expect(one.records).toMatchObject([
      {
        type: 'intent',
        host: 'h',
        step: '1.1',
        actions: [0],
        want: { text: 'new' },
        change: { summary: 'a: nothing → new' },
      },
      { type: 'outcome', actions: [0] },
      { type: 'host', status: 'changed' },
      { type: 'end', status: 'changed' },
    ]);
  });

  it('done twice does nothing the second time, and opens no journal for it', async () => {
    const one = fleet();
    await one.run(playbook(put()));
    expect(await one.run(playbook(put()))).toMatchObject({
      status: 'ok',
      exitCode: 0,
      hosts: [{ status: 'ok', applied: [] }],
    });
    expect(one.journalsOpened).toBe(1);
  });

  it('touches nothing when the plan is not approved', async () => {
    const one = fleet(['h', 'done']);
    one.write('done', 'a', 'new');
    const result = await one.run(playbook(put()), { review: () => Promise.resolve(false) });
    expect({ a: one.read('h', 'a'), journals: one.journalsOpened, effects: one.log.includes('effect') }).toEqual({
      a: undefined,
      journals: 0,
      effects: false,
    });
    expect(statuses(result.hosts)).toEqual({ h: 'interrupted', done: 'ok' });
    expect(result.exitCode).toBe(130);
  });

  it('leaves refused and unreachable hosts alone, and goes on with the others', async () => {
    const one = fleet({ hosts: ['ok', 'locked', 'away'], unreachable: ['away'] });
    one.write('locked', 'a', 'locked');
    const result = await one.run(playbook('put: { path: "${{ vars.dir }}/b", text: first }', put()));
    expect(statuses(result.hosts)).toEqual({ ok: 'changed', locked: 'refused', away: 'unreachable' });
    expect({ ok: one.read('ok', 'b'), locked: one.read('locked', 'b') }).toEqual({ ok: 'first', locked: undefined });
    expect(result.exitCode).toBe(4);
  });

  it('stops a host that has drifted since the review, and only that one', async () => {
    const one = fleet(['same', 'other']);
    const result = await one.run(playbook(put()), {
      review: () => {
        one.write('other', 'a', 'somebody else');
        return Promise.resolve(true);
      },
    });
    expect(statuses(result.hosts)).toEqual({ same: 'changed', other: 'drifted' });
    expect(one.read('other', 'a')).toBe('somebody else');
    expect(result.hosts[1]?.error).toMatchObject({ code: 'drift', message: expect.stringContaining('somebody else') });
    expect(result.exitCode).toBe(5);
  });

  it('does not pass over a drift, whatever on_error says', async () => {
    const one = fleet();
    const result = await one.run(playbook(`{ ${put()}, on_error: continue }`), {
      review: () => {
        one.write('h', 'a', 'somebody else');
        return Promise.resolve(true);
      },
    });
    expect(result).toMatchObject({ status: 'drifted', exitCode: 5 });
  });

  it('does not believe a program that says it succeeded', async () => {
    const one = fleet();
    const result = await one.run(
      playbook(put('new', ', lies: true'), 'put: { path: "${{ vars.dir }}/b", text: next }'),
    );
    expect(result).toMatchObject({
      status: 'failed',
      exitCode: 1,
      hosts: [
        {
          step: 'put',
          applied: ['a: nothing → new'],
          error: { code: 'verification-failed', message: expect.stringContaining('still to do: a: nothing → new') },
        },
      ],
    });
    expect(one.read('h', 'b')).toBeUndefined();
    expect(one.event('step.verified')).toEqual([]);
  });

  it('reports a failed program, with what was done before it', async () => {
    const one = fleet();
    const fails = 'put: { path: "${{ vars.dir }}/b", text: x, argv: [/bin/sh, -c, "echo why >&2; exit 3"] }';
    const result = await one.run(playbook(put(), fails, 'put: { path: "${{ vars.dir }}/c", text: x }'));
    expect(result.hosts[0]).toMatchObject({
      status: 'failed',
      applied: ['a: nothing → new'],
      error: { code: 'action-failed', message: expect.stringContaining('exit status 3: why') },
    });
    expect(one.records.filter(({ type }) => type === 'outcome')).toMatchObject([
      {},
      { error: { code: 'action-failed', message: expect.stringContaining('exit status 3') } },
    ]);
    expect(one.read('h', 'c')).toBeUndefined();
  });

  it('says which changes of a failed step were carried out', async () => {
    const one = fleet();
    const count = 'echo x >> "$1"; [ "$(wc -l < "$1")" -lt 2 ]';
    const result = await one.run(
      playbook(`put: { path: ${path}, text: x, times: 3, argv: [/bin/sh, -c, '${count}', sh, "\${{ vars.dir }}/n"] }`),
    );
    expect(result.hosts[0]).toMatchObject({ status: 'failed', applied: ['a: nothing → x'] });
    expect(one.read('h', 'n')).toBe('x\nx\n');
  });

  it('shows what a command prints while it runs, each stream as what it is', async () => {
    const one = fleet();
    await one.run(playbook('command: [/bin/sh, -c, "echo out; echo err >&2"]'));
    expect(
      one
        .event('action.output')
        .map(({ stream, text }) => [stream, text.trim()])
        .toSorted(),
    ).toEqual([
      ['stderr', 'err'],
      ['stdout', 'out'],
    ]);
  });

  it('says what is owed in the end, of every play, and not what the plan said before', async () => {
    const one = fleet();
    const first = `- hosts: all\n  steps:\n    - ${put('owing')}\n`;
    const second = '- hosts: all\n  steps:\n    - put: { path: "${{ vars.dir }}/b", text: x }\n';
    const result = await one.run(first + second);
    expect(result.hosts[0]).toMatchObject({
      status: 'changed',
      owed: ['read it again'],
      applied: ['a: nothing → owing', 'b: nothing → x'],
    });
    expect(one.event('host.finished')).toMatchObject([{ status: 'changed', owed: ['read it again'] }]);
  });
});

describe.concurrent('what can go wrong in the middle', () => {
  it('a connection that is lost on every attempt to begin: nothing is done, and that is known', async () => {
    const one = fleet({
      hosts: ['h', 'other'],
      before: (host, command, self) => {
        if (host === 'h' && isEffect(command)) self.cut('h');
      },
    });
    const result = await one.run(
      playbook(`{ ${put()}, on_error: continue, retries: 3, delay: 1 }`, 'put: { path: "${{ vars.dir }}/b", text: x }'),
    );
    expect(statuses(result.hosts)).toEqual({ h: 'not-started', other: 'changed' });
    expect(result).toMatchObject({
      exitCode: 1,
      hosts: [{ error: { code: 'not-started', message: expect.stringContaining('never arrived') }, applied: [] }, {}],
    });
    expect(one.records.filter((record) => record.type === 'outcome' && record.host === 'h')).toMatchObject([
      { error: { code: 'not-started' } },
    ]);
    expect({ a: one.read('h', 'a'), b: one.read('h', 'b'), works: one.works('h') }).toEqual({
      a: undefined,
      b: undefined,
      works: [],
    });
  });

  it('a lost connection while only reading: the host could not be reached', async () => {
    const one = fleet({
      hosts: ['h'],
      before: () => {
        throw new AppError('connection-lost', 'gone');
      },
    });
    expect(await one.run(playbook(put()))).toMatchObject({ status: 'unreachable', exitCode: 3 });
  });

  it('an interruption between two changes: the one under way is finished, the next is not begun', async () => {
    const one = fleet({
      hosts: ['h', 'later'],
      before: (_host, command, self) => {
        if (isEffect(command)) self.controller.abort(new AppError('interrupted', 'interrupted by a signal'));
      },
    });
    const result = await one.run(
      `hosts: all\nbatch: 1\nsteps:\n  - ${put()}\n  - put: { path: "\${{ vars.dir }}/b", text: x }\n`,
    );
    expect({ a: one.read('h', 'a'), b: one.read('h', 'b'), later: one.read('later', 'a') }).toEqual({
      a: 'new',
      b: undefined,
      later: undefined,
    });
    expect(statuses(result.hosts)).toEqual({ h: 'interrupted', later: 'not-started' });
    expect(result).toMatchObject({
      status: 'interrupted',
      exitCode: 130,
      hosts: [{ applied: ['a: nothing → new'] }, { applied: [] }],
    });
    expect(one.log).toContain('journal closed');
  });

  it('an interruption of a program that may be ended', async () => {
    const one = fleet({
      hosts: ['h'],
      before: (_host, command, self) => {
        if (isEffect(command))
          setTimeout(() => {
            self.controller.abort(new AppError('interrupted', 'interrupted by a signal'));
          }, 50);
      },
    });
    expect(await one.run(playbook('command: [sleep, "60"]'))).toMatchObject({
      status: 'interrupted',
      exitCode: 130,
      hosts: [{ error: { code: 'interrupted' }, applied: [] }],
    });
  });

  it('an interruption that comes when everything is done changes nothing about it', async () => {
    const one = fleet();
    const result = await one.run(playbook(put()), {
      emit: (event) => {
        if (event.type === 'host.finished') one.controller.abort();
      },
    });
    expect(result).toMatchObject({ status: 'changed', exitCode: 0 });
  });

  it("a step's own time-out", async () => {
    const one = fleet(['h', 'quick']);
    one.write('quick', 'a', 'new');
    const result = await one.run(
      playbook(`{ put: { path: ${path}, text: new, atomic: false, argv: [sleep, "60"] }, timeout: 1 }`),
    );
    expect(statuses(result.hosts)).toEqual({ h: 'failed', quick: 'ok' });
    expect(result.hosts[0]?.error).toMatchObject({
      code: 'timed-out',
      message: 'not finished within its timeout of 1 seconds',
    });
  });

  it('an error of ours is one: exit 7, and no time-out, although the step has one', async () => {
    const one = fleet({
      hosts: ['h', 'other'],
      before: (host, command) => {
        if (host === 'h' && isEffect(command)) throw new Error('our bug');
      },
    });
    const result = await one.run(playbook(`{ ${put()}, timeout: 60 }`));
    expect(result).toMatchObject({
      status: 'failed',
      exitCode: 7,
      hosts: [{ status: 'failed', error: { code: 'internal', message: 'our bug' } }, { status: 'changed' }],
    });
  });

  it('a journal that cannot be written: nothing is done without a record, and the run ends in order', async () => {
    const one = fleet(['h', 'other']);
    one.journalFails = (record) => !('host' in record) || record.host === 'h';
    const result = await one.run(playbook(put()));
    expect(statuses(result.hosts)).toEqual({ h: 'failed', other: 'changed' });
    expect({ h: one.read('h', 'a'), other: one.read('other', 'a') }).toEqual({ h: undefined, other: 'new' });
    expect(one.log).toContain('journal closed');
  });
});

describe.concurrent('steps that depend on each other', () => {
  it('what an earlier step changes makes a later one uncertain, in the plan; it is planned again at its turn', async () => {
    const one = fleet();
    await one.run(
      playbook(
        `{ name: first, ${put('one')} }`,
        `{ name: second, ${put('two')} }`,
        '{ name: apart, put: { path: "${{ vars.dir }}/b", text: x } }',
      ),
    );
    expect(one.event('step.planned').map(({ step, outcome, dependsOn }) => [step, outcome, dependsOn])).toEqual([
      ['first', 'change', undefined],
      ['second', 'maybe', ['first']],
      ['apart', 'change', undefined],
    ]);
    expect({ a: one.read('h', 'a'), b: one.read('h', 'b') }).toEqual({ a: 'two', b: 'x' });
  });

  it('a refusal that an earlier step may put right is no refusal yet', async () => {
    const one = fleet();
    one.write('h', 'a', 'locked');
    const unlock = 'command: [/bin/sh, -c, "rm \\"$1\\"", sh, "${{ vars.dir }}/a"]';
    expect(await one.run(playbook(unlock, put()))).toMatchObject({ status: 'changed' });
    expect(one.read('h', 'a')).toBe('new');
  });

  it('registers reach later steps: what is only read is known in the plan', async () => {
    const one = fleet();
    one.write('h', 'from', 'seen');
    await one.run(
      playbook(
        '{ look: { path: "${{ vars.dir }}/from" }, register: it }',
        `put: { path: ${path}, text: "\${{ it }}" }`,
      ),
    );
    expect(one.event('step.planned').map(({ outcome }) => outcome)).toEqual(['noop', 'change']);
    expect(one.read('h', 'a')).toBe('seen');
  });

  it('registers of what will be changed are not known in the plan, and steps that need them say so', async () => {
    const one = fleet();
    const result = await one.run(
      playbook(
        `{ name: first, ${put()}, register: it }`,
        '{ put: { path: "${{ vars.dir }}/b", text: "${{ it }}!" } }',
        '{ put: { path: "${{ vars.dir }}/c", text: x }, when: it == "old" }',
      ),
    );
    expect(one.event('step.planned').map(({ outcome, dependsOn }) => [outcome, dependsOn])).toEqual([
      ['change', undefined],
      ['maybe', ['first']],
      ['maybe', ['first']],
    ]);
    expect({ b: one.read('h', 'b'), c: one.read('h', 'c'), status: result.status }).toEqual({
      b: 'new!',
      c: undefined,
      status: 'changed',
    });
  });

  it('a condition that is false is no step skipped, but nothing to do, and why', async () => {
    const one = fleet();
    await one.run(playbook(`{ ${put()}, when: host.name == "other" }`));
    expect(one.event('step.planned')).toMatchObject([
      { outcome: 'noop', reason: 'its condition is false: host.name == "other"' },
    ]);
    expect(one.read('h', 'a')).toBeUndefined();
  });

  it('a loop is planned, compared, applied and registered item by item', async () => {
    const one = fleet();
    one.write('h', 'y', 'y');
    const loop =
      '{ put: { path: "${{ vars.dir }}/${{ item }}", text: "${{ item }}" }, loop: [x, y, z], register: all }';
    const result = await one.run(playbook(loop, `put: { path: ${path}, text: "\${{ all[0] + all[2] }}" }`));
    expect(one.event('step.planned').map(({ outcome }) => outcome)).toEqual(['change', 'noop', 'change', 'maybe']);
    expect(result.hosts[0]?.applied).toEqual(['x: nothing → x', 'z: nothing → z', 'a: nothing → xz']);
    expect(one.records.flatMap((record) => (record.type === 'intent' ? [record.step] : []))).toEqual([
      '1.1[1]',
      '1.1[3]',
      '1.2',
    ]);
  });

  it('an item of a loop depends on the items before it, so that a run is no drift from its own plan', async () => {
    const one = fleet();
    const twice = `{ ${put()}, loop: [1, 2] }`;
    const result = await one.run(playbook(twice));
    expect(one.event('step.planned')).toMatchObject([{ outcome: 'change' }, { outcome: 'maybe', dependsOn: ['put'] }]);
    expect(result).toMatchObject({ status: 'changed', hosts: [{ applied: ['a: nothing → new'] }] });
  });

  it.each([
    ['grown', 'x y z'],
    ['shrunk', 'x'],
    ['changed', 'x q'],
  ])('a loop whose list has %s since the review is a drift', async (_what, list) => {
    const one = fleet();
    one.write('h', 'list', 'x\ny\n');
    const steps = playbook(
      '{ command: [cat, "${{ vars.dir }}/list"], read_only: true, register: found }',
      '{ put: { path: "${{ vars.dir }}/${{ item }}", text: t }, loop: "${{ found.lines }}" }',
    );
    const result = await one.run(steps, {
      review: () => {
        one.write('h', 'list', list.replaceAll(' ', '\n'));
        return Promise.resolve(true);
      },
    });
    expect(result).toMatchObject({
      status: 'drifted',
      exitCode: 5,
      hosts: [{ applied: [], error: { message: expect.stringContaining('the loop of put') } }],
    });
    expect(one.read('h', 'x')).toBeUndefined();
  });

  it('a loop over what is known only later is open in the plan', async () => {
    const one = fleet();
    const result = await one.run(
      playbook(
        '{ command: [printf, "x\\ny\\n"], register: out }',
        '{ put: { path: "${{ vars.dir }}/${{ item }}", text: t }, loop: "${{ out.lines }}" }',
      ),
    );
    expect(one.event('step.planned').map(({ outcome }) => outcome)).toEqual(['change', 'maybe']);
    expect({ status: result.status, x: one.read('h', 'x'), y: one.read('h', 'y') }).toEqual({
      status: 'changed',
      x: 't',
      y: 't',
    });
  });
});

describe.concurrent('steps that fail and may', () => {
  const failing = (more: string): string =>
    `{ name: bad, put: { path: ${path}, text: x, argv: [/bin/sh, -c, 'echo try >> "$1"; exit 1', sh, "\${{ vars.dir }}/tries"] }, ${more} }`;
  const tries = (one: Fleet): number => (one.read('h', 'tries') ?? '').split('\n').length - 1;

  it('on_error: continue passes over a failure, says so, and goes on', async () => {
    const one = fleet();
    const result = await one.run(
      playbook(failing('on_error: continue'), 'put: { path: "${{ vars.dir }}/b", text: x }'),
    );
    expect(result).toMatchObject({
      status: 'changed',
      exitCode: 0,
      hosts: [{ applied: ['b: nothing → x'], warnings: [expect.stringContaining('bad failed and was passed over')] }],
    });
  });

  it('on_error: continue passes over a refusal, too', async () => {
    const one = fleet();
    one.write('h', 'a', 'locked');
    expect(
      await one.run(playbook(`{ ${put()}, on_error: continue }`, 'put: { path: "${{ vars.dir }}/b", text: x }')),
    ).toMatchObject({ status: 'changed', hosts: [{ warnings: [expect.stringContaining('is locked')] }] });
  });

  it('retries so often, and no oftener', async () => {
    const one = fleet();
    expect(await one.run(playbook(failing('retries: 2, delay: 1')))).toMatchObject({ status: 'failed' });
    expect(tries(one)).toBe(3);
  });

  it('a later attempt that succeeds is a success', async () => {
    const one = fleet();
    const second = 'echo try >> "$2"; [ "$(wc -l < "$2")" = 2 ] && printf x > "$1"';
    const result = await one.run(
      playbook(
        `{ put: { path: ${path}, text: x, argv: [/bin/sh, -c, '${second}', sh, ${path}, "\${{ vars.dir }}/tries"] }, retries: 3, delay: 1 }`,
      ),
    );
    expect({ status: result.status, tries: tries(one), applied: result.hosts[0]?.applied }).toEqual({
      status: 'changed',
      tries: 2,
      applied: ['a: nothing → x'],
    });
  });

  it.each([
    ['known in the plan', ''],
    ['known only then', ', when: out.status == 0'],
  ])('a size that is relative grows once, however often it is tried: %s', async (_what, when) => {
    const one = fleet();
    one.write('h', 'a', '10');
    // Grows, and then says that it failed.
    const argv = `[/bin/sh, -c, 'printf "%s" "$(( $(cat "$1") + 5 ))" > "$1"; exit 1', sh, ${path}]`;
    const result = await one.run(
      playbook(
        '{ command: ["true"], register: out }',
        `{ add: { path: ${path}, by: 5, argv: ${argv} }, retries: 3, delay: 1${when} }`,
      ),
    );
    expect({ a: one.read('h', 'a'), status: result.status }).toEqual({ a: '15', status: 'changed' });
  });

  it('until looks at what is there at each attempt, not at what was there at the first', async () => {
    const one = fleet({
      hosts: ['h'],
      before: (_host, _command, self) => {
        if (self.journalsOpened > 0) self.write('h', 'state', (self.read('h', 'state') ?? '') + '.');
      },
    });
    one.write('h', 'state', '');
    const result = await one.run(
      playbook(
        put(),
        '{ look: { path: "${{ vars.dir }}/state" }, register: it, until: it.size() >= 6, retries: 9, delay: 1 }',
      ),
    );
    expect(result.status).toBe('changed');
  });

  it('until that never holds is a failure', async () => {
    const one = fleet();
    one.write('h', 'state', 'down');
    const result = await one.run(
      playbook(
        put(),
        '{ look: { path: "${{ vars.dir }}/state" }, register: it, until: it == "up", retries: 1, delay: 1 }',
      ),
    );
    expect(result.hosts[0]).toMatchObject({
      status: 'failed',
      error: { code: 'action-failed', message: expect.stringContaining('until does not hold: it == "up"') },
    });
  });
});

describe.concurrent('many hosts', () => {
  const names = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, number) => `h${String(number)}`);

  it('no more than forks at once', async () => {
    const one = fleet({
      hosts: names(9),
      before: () =>
        new Promise((resolve) => {
          setTimeout(resolve, 5);
        }),
    });
    expect(await one.run(playbook(put()), { forks: 2 })).toMatchObject({ status: 'changed' });
    expect(one.busiest).toBe(2);
  });

  it.each([
    ['0', ['failed', 'not-started', 'not-started', 'not-started']],
    ['1', ['failed', 'failed', 'not-started', 'not-started']],
    ['50%', ['failed', 'failed', 'failed', 'not-started']],
    ['4', ['failed', 'failed', 'failed', 'failed']],
  ])('waves of one, max_failures %s, all fail: %j', async (most, expected) => {
    const one = fleet(names(4));
    const result = await one.run(
      `hosts: all\nbatch: 1\nmax_failures: ${most}\nsteps:\n  - ${put('new', ', lies: true')}\n`,
    );
    expect(result.hosts.map(({ status }) => status)).toEqual(expected);
    expect(result.exitCode).toBe(1);
    expect(one.event('host.finished').map(({ host }) => host)).toEqual(names(4));
    const untouched = one.records.filter((record) => record.type === 'intent').map((record) => record.host);
    expect(new Set(untouched)).toEqual(new Set(names(4).filter((_, index) => expected[index] === 'failed')));
  });

  it('a wave begins when the one before it has ended', async () => {
    const one = fleet(names(5));
    await one.run(`hosts: all\nbatch: [1, 2]\nsteps:\n  - ${put()}\n`);
    const order = one.events.flatMap((event) =>
      event.type === 'change.started'
        ? [`${event.host} starts`]
        : event.type === 'host.finished'
          ? [`${event.host} ends`]
          : [],
    );
    const at = (what: string): number => order.indexOf(what);
    expect(at('h0 ends')).toBeLessThan(Math.min(at('h1 starts'), at('h2 starts')));
    expect(Math.max(at('h1 ends'), at('h2 ends'))).toBeLessThan(Math.min(at('h3 starts'), at('h4 starts')));
  });

  it.each([
    [['refused', 'unreachable'], 4],
    [['unreachable', 'changed'], 3],
    [['drifted', 'refused', 'unreachable'], 5],
    [['failed', 'drifted', 'refused', 'unreachable', 'changed'], 1],
    [['internal', 'failed', 'drifted'], 7],
    [['changed', 'ok'], 0],
  ])('%j end with %i: the most severe decides', async (kinds, exitCode) => {
    const one = fleet({
      hosts: kinds,
      unreachable: ['unreachable'],
      before: (host, command, self) => {
        if (host === 'internal' && isEffect(command)) throw new TypeError('our bug');
        if (host !== 'failed' || !isEffect(command)) return;
        // A directory is in the way of what the effect writes.
        rmSync(join(self.root, host, 'a'));
        mkdirSync(join(self.root, host, 'a'));
      },
    });
    for (const host of kinds) one.write(host, 'a', host === 'refused' ? 'locked' : host === 'ok' ? 'new' : 'old');
    const result = await one.run(playbook(put()), {
      review: () => {
        if (kinds.includes('drifted')) one.write('drifted', 'a', 'drift');
        return Promise.resolve(true);
      },
    });
    expect(result.exitCode).toBe(exitCode);
    expect(statuses(result.hosts)).toEqual(
      Object.fromEntries(kinds.map((kind) => [kind, kind === 'internal' ? 'failed' : kind])),
    );
    expect(one.event('run.finished')).toMatchObject([{ exitCode, hosts: statuses(result.hosts) }]);
  });
});

describe.concurrent('facts', () => {
  it('of steps that do not depend on each other travel together, in the plan and before the first change', async () => {
    const one = fleet({
      hosts: ['h'],
      before: () =>
        new Promise((resolve) => {
          setTimeout(resolve, 20);
        }),
    });
    for (const name of ['x', 'y', 'z']) one.write('h', name, name);
    await one.run(playbook(...['x', 'y', 'z'].map((name) => `look: { path: "\${{ vars.dir }}/${name}" }`), put()));
    expect(one.busiest).toBe(4);
    expect(one.log.filter((what) => what === 'read')).toHaveLength(4 + 4 + 1);
  });

  it('that were read before a change are not relied on after it', async () => {
    const one = fleet();
    one.write('h', 'state', 'before');
    await one.run(
      playbook(
        'command: [/bin/sh, -c, "printf after > \\"$1\\"", sh, "${{ vars.dir }}/state"]',
        '{ look: { path: "${{ vars.dir }}/state" }, register: it }',
        `put: { path: ${path}, text: "\${{ it }}" }`,
      ),
    );
    expect(one.read('h', 'a')).toBe('after');
  });
});

it('events have the order of the contract: planned, then started, applied, verified, finished; each host ends once', async () => {
  const one = fleet(['h0', 'h1', 'h2']);
  await one.run(playbook(put(), 'put: { path: "${{ vars.dir }}/b", text: x }'));
  expect(one.events[0]).toMatchObject({
    type: 'run.started',
    runId: 'test',
    mode: 'apply',
    playbook: 'p',
    hosts: ['h0', 'h1', 'h2'],
  });
  expect(one.events.at(-1)?.type).toBe('run.finished');
  for (const host of ['h0', 'h1', 'h2']) {
    const types = one.eventTypes(host).filter((type) => type !== 'facts.read');
    expect(types).toEqual([
      'host.connected',
      'step.planned',
      'step.planned',
      'change.started',
      'change.applied',
      'step.verified',
      'change.started',
      'change.applied',
      'step.verified',
      'host.finished',
    ]);
  }
});
