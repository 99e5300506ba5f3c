import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Fleet } from './fleet.ts';
import { isEffect } from './fleet.ts';
import { fleets, note, playbook, put } from './fleets.ts';
import { statusOf } from './work/records.ts';

const fleet = fleets();
const fill = (text: string): string => `fill: { paths: ["\${{ vars.dir }}/x", "\${{ vars.dir }}/y"], text: ${text} }`;
const untilGo = 'while [ ! -e "$2.go" ]; do sleep 0.05; done';
const files = (one: Fleet, ...names: readonly string[]): readonly (string | undefined)[] =>
  names.map((name) => one.read('h', name));

describe.concurrent('a rollback', () => {
  it('takes everything back, newest first', async () => {
    const one = fleet();
    one.write('h', 'b', 'old');
    one.write('h', 'y', 'was');
    const steps = playbook(`{ ${put('a')} }\n{ ${put('b')} }\n{ ${fill('full')} }\n{ ${put('a', 'again')} }`);
    await one.run(steps);
    expect(files(one, 'a', 'b', 'x', 'y')).toEqual(['again', 'b', 'full', 'full']);
    const result = await one.goOn('rollback', steps);
    expect(result).toMatchObject({
      mode: 'rollback',
      status: 'changed',
      exitCode: 0,
      hosts: [{ applied: [], undone: ['a: a → again', 'fill', 'fill', 'b: old → b', 'a: nothing → a'] }],
    });
    expect(files(one, 'a', 'b', 'x', 'y')).toEqual([undefined, 'old', undefined, 'was']);
    expect(one.history().hosts).toMatchObject([{ state: 'rolled-back' }]);
    expect(one.event('rollback.started')).toHaveLength(1);
  });

  it('of changes that are alike but for what they are about: each is its own', async () => {
    const one = fleet();
    one.write('h', 'x', 'x was');
    one.write('h', 'y', 'y was');
    const steps = playbook(`{ ${fill('full')} }`);
    await one.run(steps);
    await one.goOn('rollback', steps);
    expect(files(one, 'x', 'y')).toEqual(['x was', 'y was']);
  });

  it('of what somebody has changed since: is refused, and nothing is done on the host', async () => {
    const one = fleet();
    const steps = playbook(`{ ${put('a')} }\n{ name: bee, ${put('b')} }`);
    await one.run(steps);
    one.write('h', 'a', 'somebody else');
    const result = await one.goOn('rollback', steps);
    expect(result).toMatchObject({
      exitCode: 4,
      hosts: [
        {
          status: 'refused',
          undone: [],
          step: 'put',
          error: {
            message: expect.stringMatching(
              /^since "a: nothing → a" it has been changed by somebody else: .*somebody else/,
            ),
          },
        },
      ],
    });
    expect(files(one, 'a', 'b')).toEqual(['somebody else', 'b']);
  });

  it('of what somebody has changed of several things that one step has changed: goes no further than that', async () => {
    const one = fleet();
    const steps = playbook(`{ ${put('a')} }\n{ name: fill, ${fill('full')} }`);
    await one.run(steps);
    one.write('h', 'x', 'somebody else');
    const result = await one.goOn('rollback', steps);
    expect(result).toMatchObject({
      exitCode: 4,
      hosts: [
        {
          status: 'refused',
          undone: ['fill'],
          step: 'fill',
          error: {
            message: expect.stringMatching(/^since "fill" it has been changed by somebody else: .*somebody else/),
          },
        },
      ],
    });
    expect(files(one, 'a', 'x', 'y')).toEqual(['a', 'somebody else', undefined]);
  });

  it('of what cannot be undone: says so, and takes the rest back', async () => {
    const one = fleet();
    const steps = playbook(`{ ${put('a')} }\n{ ${put('b', 'b', ', irreversible: true')} }`);
    await one.run(steps);
    const result = await one.goOn('rollback', steps);
    expect(result).toMatchObject({
      exitCode: 0,
      hosts: [{ undone: ['a: nothing → a'], warnings: ['cannot be undone: b: nothing → b'] }],
    });
    expect(files(one, 'a', 'b')).toEqual([undefined, 'b']);
  });

  it('of what is as it was, somehow, does nothing', async () => {
    const one = fleet();
    one.write('h', 'a', 'old');
    const steps = playbook(`{ ${put('a')} }`);
    await one.run(steps);
    one.write('h', 'a', 'old');
    expect(await one.goOn('rollback', steps)).toMatchObject({ status: 'ok', exitCode: 0, hosts: [{ undone: [] }] });
    expect(one.history().hosts).toMatchObject([{ state: 'rolled-back' }]);
  });

  it.each([1, 2, 3, 4])('that was cut after its record %i is begun again, and completes', async (number) => {
    const one = fleet({
      hosts: ['h'],
      recorded: (_record, self) => {
        if (self.records.at(-number - 1)?.type === 'continued') self.kill();
      },
    });
    one.write('h', 'b', 'old');
    const steps = playbook(`{ ${put('a')} }\n{ ${put('b')} }`);
    await one.run(steps);
    await one.untilKilled(() => one.goOn('rollback', steps));
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0 });
    expect(files(one, 'a', 'b')).toEqual([undefined, 'old']);
    expect(one.history().hosts).toMatchObject([{ state: 'rolled-back', open: [] }]);
  });

  it('that failed at the last of what undoes a change is not at its end, although nothing is seen of that', async () => {
    const one = fleet();
    one.write('h', 'a', 'was');
    const restart =
      'undoEndsWith: [/bin/sh, -c, \'[ -e "$1.go" ] && echo restarted >>"$1"\', sh, "${{ vars.dir }}/notes"]';
    const steps = playbook(`{ ${put('a', 'new', `, ${restart}`)} }`);
    await one.run(steps);
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 1 });
    expect(files(one, 'a', 'notes')).toEqual(['was', undefined]);
    one.write('h', 'notes.go', '');
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0, hosts: [{ undone: ['a: was → new'] }] });
    expect(files(one, 'a', 'notes')).toEqual(['was', 'restarted\n']);
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0, hosts: [{ undone: [] }] });
    expect(files(one, 'notes')).toEqual(['restarted\n']);
  });

  it('of a change that was killed half way: what is there of it is taken back', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command)) self.kill();
      },
    });
    one.write('h', 'a', 'old');
    const argv = `[/bin/sh, -c, 'printf half >"$1"; sleep 60', sh, "\${{ vars.dir }}/a"]`;
    const steps = playbook(`{ ${put('a', 'whole', `, argv: ${argv}`)} }`);
    await one.untilKilled(() => one.run(steps));
    const [name = ''] = one.works('h');
    process.kill(-statusOf(one.stateOf('h'), 'test', name)[0], 'SIGKILL');
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0, hosts: [{ undone: ['a: old → whole'] }] });
    expect(one.read('h', 'a')).toBe('old');
  });

  it('ends a program that still runs, and does not wait for it', async () => {
    const one = fleet({
      hosts: ['h'],
      after: (_host, command, self) => {
        if (isEffect(command) && self.records.some((record) => record.type === 'intent' && record.step === '1.2'))
          self.kill();
      },
    });
    const steps = playbook(`{ ${put('a')} }\n{ name: slow, ${note('x', untilGo)} }`);
    await one.untilKilled(() => one.run(steps));
    const result = await one.goOn('rollback', steps);
    expect(result).toMatchObject({
      exitCode: 0,
      hosts: [{ undone: ['a: nothing → a'], warnings: [expect.stringContaining('cannot be undone')] }],
    });
    expect(one.records.find((record) => record.type === 'outcome' && record.step === '1.2')).toMatchObject({
      error: { code: 'interrupted' },
    });
  });

  it('of one host is not held up by another', async () => {
    const one = fleet({ hosts: ['h', 'away'] });
    const steps = playbook(`{ ${put('a')} }`);
    await one.run(steps);
    one.away.add('away');
    const result = await one.goOn('rollback', steps);
    expect(result.hosts.map(({ host, status }) => [host, status])).toEqual([
      ['h', 'changed'],
      ['away', 'unreachable'],
    ]);
    expect({ h: one.read('h', 'a'), away: one.read('away', 'a') }).toEqual({ h: undefined, away: 'a' });
    one.away.delete('away');
    await one.goOn('rollback', steps);
    expect(one.read('away', 'a')).toBeUndefined();
  });

  it('leaves alone what has never arrived on the host', async () => {
    const one = fleet({
      hosts: ['h'],
      recorded: (record, self) => {
        if (record.type === 'intent') self.kill();
      },
    });
    one.write('h', 'a', 'old');
    const steps = playbook(`{ ${put('a')} }`);
    await one.untilKilled(() => one.run(steps));
    expect(await one.goOn('rollback', steps)).toMatchObject({ exitCode: 0, hosts: [{ undone: [] }] });
    expect(one.read('h', 'a')).toBe('old');
  });
});

describe.concurrent('finalize', () => {
  it('gives up what was kept, once', async () => {
    const one = fleet();
    one.write('h', 'x', 'was');
    const steps = playbook(`{ ${fill('full')} }\n{ ${put('a')} }`);
    await one.run(steps);
    expect(one.read('h', 'x.kept')).toBe('was');
    expect(await one.goOn('finalize', steps)).toMatchObject({
      mode: 'finalize',
      exitCode: 0,
      hosts: [{ applied: [expect.stringContaining('fill'), expect.stringContaining('fill')] }],
    });
    expect(files(one, 'x', 'x.kept', 'a')).toEqual(['full', undefined, 'a']);
    expect(one.history().hosts).toMatchObject([
      { state: 'finalized', changes: [{ finalized: true }, { finalized: true }, {}] },
    ]);
    expect(await one.goOn('finalize', steps)).toMatchObject({ exitCode: 0, hosts: [{ applied: [] }] });
  });

  it('that was cut goes on', async () => {
    const one = fleet({
      hosts: ['h'],
      recorded: (record, self) => {
        if (record.type === 'outcome') self.kill();
      },
    });
    for (const name of ['x', 'y']) one.write('h', name, 'was');
    const steps = playbook(`{ ${fill('full')} }`);
    await one.run(steps);
    await one.untilKilled(() => one.goOn('finalize', steps));
    expect(await one.goOn('finalize', steps)).toMatchObject({ exitCode: 0 });
    expect([existsSync(join(one.root, 'h', 'x.kept')), existsSync(join(one.root, 'h', 'y.kept'))]).toEqual([
      false,
      false,
    ]);
    expect(one.history().hosts).toMatchObject([{ state: 'finalized' }]);
  });
});
