import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { isEffect } from '../fleet.ts';
import { fleets, note } from '../fleets.ts';

const fleet = fleets();
const bad = '{ name: bad, command: [/bin/sh, -c, "exit 3"] }';
const step = (line: string): string => `{ name: ${line}, ${note(line)} }`;

interface Parts {
  readonly block: readonly string[];
  readonly rescue?: readonly string[];
  readonly always?: readonly string[];
}

function block({ block: steps, rescue = [], always = [] }: Parts, indent = '  '): string {
  const part = (key: string, lines: readonly string[]): string =>
    lines.length === 0
      ? ''
      : `${indent}  ${key}:\n${lines.map((line) => (line.startsWith(' ') ? line : `${indent}    - ${line}\n`)).join('')}`;
  return `${indent}- name: the block\n${part('block', steps)}${part('rescue', rescue)}${part('always', always)}`;
}

const playbook = (parts: Parts, controls = ''): string =>
  `hosts: all\n${controls}steps:\n${block(parts)}  - ${step('after')}\n`;
const notesOf = (text: string | undefined): readonly string[] => (text ?? '').split('\n').filter((line) => line !== '');

describe.concurrent('a block', () => {
  it.each<[string, Parts, readonly string[]]>([
    [
      'without a failure: no rescue',
      { block: [step('one'), step('two')], rescue: [step('rescue')], always: [step('always')] },
      ['one', 'two', 'always', 'after'],
    ],
    [
      'with a failure: the rest of it is not done, the rescue is',
      { block: [step('one'), bad, step('two')], rescue: [step('rescue')], always: [step('always')] },
      ['one', 'rescue', 'always', 'after'],
    ],
    [
      'in a block: what the inner one rescues is no failure of the outer one',
      { block: [block({ block: [bad], rescue: [step('inner')] }, '      '), step('two')], rescue: [step('outer')] },
      ['inner', 'two', 'after'],
    ],
    [
      'in a block: what the inner one does not rescue is one',
      { block: [block({ block: [bad], always: [step('inner')] }, '      '), step('two')], rescue: [step('outer')] },
      ['inner', 'outer', 'after'],
    ],
    [
      'in a rescue',
      { block: [bad], rescue: [block({ block: [bad], rescue: [step('deepest')] }, '      ')] },
      ['deepest', 'after'],
    ],
    [
      'whose failing step may fail: that is none',
      { block: [bad.replace(' }', ', on_error: continue }'), step('two')], rescue: [step('rescue')] },
      ['two', 'after'],
    ],
  ])('%s', async (_what, parts, notes) => {
    const one = fleet();
    const result = await one.run(playbook(parts));
    expect(notesOf(one.read('h', 'notes'))).toEqual(notes);
    expect(result).toMatchObject({ status: 'changed', exitCode: 0 });
    expect(result.hosts[0]).not.toHaveProperty('step');
  });

  it('that was rescued says so, in the events and in the end', async () => {
    const one = fleet();
    const result = await one.run(playbook({ block: [bad], rescue: [step('rescue')] }));
    expect(one.event('rescue.started')).toMatchObject([
      { host: 'h', step: 'the block', reason: expect.stringContaining('bad failed') },
    ]);
    expect(result.hosts[0]?.warnings).toEqual([
      expect.stringMatching(/^"bad" failed, and "the block" was rescued: .*exit status 3/),
    ]);
  });

  it.each<[string, Parts, readonly string[], string, RegExp]>([
    [
      'the step that has failed, when nothing rescues it',
      { block: [bad, step('two')], always: [step('always')] },
      ['always'],
      'bad',
      /exit status 3/,
    ],
    [
      'the step of the rescue that has failed',
      {
        block: [bad],
        rescue: [step('one'), '{ name: worse, command: [/bin/sh, -c, "exit 4"] }', step('two')],
        always: [step('always')],
      },
      ['one', 'always'],
      'worse',
      /exit status 4/,
    ],
    [
      'the step of always that has failed',
      { block: [step('one')], always: ['{ name: last, command: [/bin/sh, -c, "exit 5"] }'] },
      ['one'],
      'last',
      /exit status 5/,
    ],
    [
      'the first failure, when always fails too',
      { block: [bad], always: ['{ name: last, command: [/bin/sh, -c, "exit 5"] }'] },
      [],
      'bad',
      /exit status 3/,
    ],
    [
      'the step of a block in the block',
      { block: [block({ block: [bad], always: [step('inner')] }, '      ')], always: [step('outer')] },
      ['inner', 'outer'],
      'bad',
      /exit status 3/,
    ],
  ])('that fails names %s', async (_what, parts, notes, failed, why) => {
    const one = fleet();
    const result = await one.run(playbook(parts));
    expect(notesOf(one.read('h', 'notes'))).toEqual(notes);
    expect(result).toMatchObject({
      status: 'failed',
      exitCode: 1,
      hosts: [{ step: failed, error: { message: expect.stringMatching(why) } }],
    });
    expect(one.event('host.finished')).toMatchObject([{ status: 'failed', step: failed }]);
    expect(one.records.findLast(({ type }) => type === 'host')).toMatchObject({ step: failed });
  });
});

describe.concurrent('neither rescue nor always is done', () => {
  const put = '{ name: put, put: { path: "${{ vars.dir }}/a", text: new } }';
  const parts: Parts = { block: [step('one'), put], rescue: [step('rescue')], always: [step('always')] };

  it('when the host has drifted', async () => {
    const one = fleet();
    const result = await one.run(playbook({ ...parts, block: [put] }), {
      review: () => {
        one.write('h', 'a', 'somebody else');
        return Promise.resolve(true);
      },
    });
    expect(result).toMatchObject({ status: 'drifted', exitCode: 5, hosts: [{ step: 'put' }] });
    expect(one.read('h', 'notes')).toBeUndefined();
  });

  it('when the run is interrupted', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command)) self.controller.abort(new AppError('interrupted', 'interrupted by a signal'));
      },
    });
    expect(await one.run(playbook(parts))).toMatchObject({
      status: 'interrupted',
      exitCode: 130,
      hosts: [{ applied: [expect.stringContaining('one')], step: 'put' }],
    });
    expect(notesOf(one.read('h', 'notes'))).toEqual(['one']);
  });

  it('when the connection is lost for good: what was begun goes on', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (host, command, self) => {
        if (!isEffect(command)) return;
        self.away.add(host);
        self.cut(host);
      },
    });
    const result = await one.run(playbook(parts), { reconnectMs: 0 });
    expect(result).toMatchObject({
      status: 'failed',
      exitCode: 1,
      hosts: [{ error: { code: 'connection-lost', hint: expect.stringContaining('plimsoll resume') }, step: 'one' }],
    });
    expect(notesOf(one.read('h', 'notes'))).toEqual(['one']);
    // Its intent stays open.
    expect(one.records.filter(({ type }) => type === 'intent' || type === 'outcome').map(({ type }) => type)).toEqual([
      'intent',
    ]);
  });
});

describe.concurrent('any_errors_fatal', () => {
  const failsOn = (host: string): string =>
    `{ name: may fail, command: [/bin/sh, -c, 'test "$1" != ${host}', sh, "\${{ host.name }}"] }`;

  it('stops the others at their next step, and no later wave begins', async () => {
    const one = fleet(['a', 'b', 'c']);
    const result = await one.run(
      `hosts: all\nany_errors_fatal: true\nmax_failures: 100%\nbatch: 2\nsteps:\n  - ${step('one')}\n  - ${failsOn('a')}\n  - { name: slow, command: [sleep, "1"] }\n  - ${step('late')}\n`,
    );
    expect(Object.fromEntries(result.hosts.map(({ host, status }) => [host, status]))).toEqual({
      a: 'failed',
      b: 'interrupted',
      c: 'not-started',
    });
    expect(result.hosts[1]?.error?.message).toBe('stopped because a failed (any_errors_fatal)');
    expect({ b: notesOf(one.read('b', 'notes')), c: one.read('c', 'notes'), exitCode: result.exitCode }).toEqual({
      b: ['one'],
      c: undefined,
      exitCode: 1,
    });
  });

  it('is not meant by a failure that was rescued', async () => {
    const one = fleet(['a', 'b']);
    const result = await one.run(
      playbook({ block: [failsOn('a')], rescue: [step('rescue')] }, 'any_errors_fatal: true\n'),
    );
    expect(result).toMatchObject({ status: 'changed', exitCode: 0 });
  });
});
