import { expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { containerUses } from '../../../src/facts/containers/container-uses.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import type { Fact } from '../../../src/facts/fact.ts';
import { ask } from '../../../src/facts/fact.ts';
import { FactBase, readFacts } from '../../../src/run/planning/fact-reader.ts';
import type { Laptop } from '../../../src/run/reach/laptop.ts';
import type { Command } from '../../../src/transport/transport.ts';
import { never } from '../../support/target.ts';

/** Says of each of its arguments what it is, and nothing of `gone`. */
const lengths: Fact<number> = {
  name: 'lengths',
  script: 'lengths',
  timeoutMs: 1000,
  part: ({ stdout }, [word = '']) => {
    const own = stdout.split('\n').find((line) => line.startsWith(`${word} `));
    return own === undefined
      ? { status: 1, stdout: '', stderr: 'none of that name' }
      : { status: 0, stdout: own, stderr: '' };
  },
  parse: ({ status, stdout, stderr }, [word = '']) => {
    if (status !== 0) throw new AppError('fact-unreadable', `${word}: ${stderr}`);
    return Number(stdout.split(' ')[1]);
  },
};
const alone: Fact<string> = { name: 'alone', script: 'alone', parse: ({ stdout }) => stdout };

function host(): { readonly ran: Command[]; readonly run: Parameters<typeof readFacts>[0]['run'] } {
  const ran: Command[] = [];
  return {
    ran,
    run: (command) => {
      ran.push(command);
      const stdout = (command.args ?? [])
        .filter((word) => word !== 'gone')
        .map((word) => `${word} ${String(word.length)}\n`)
        .join('');
      return Promise.resolve({ status: 0, stdout, stderr: '', droppedBytes: 0 } as Awaited<
        ReturnType<Parameters<typeof readFacts>[0]['run']>
      >);
    },
  };
}

const laptop = { facts: new Map() } as unknown as Laptop;

it('asks in one script what one script can answer, and each its own limit of time', async () => {
  const { ran, run } = host();
  const base = new FactBase();
  const words = Array.from({ length: 20 }, (_, index) => 'x'.repeat(index + 1));
  const requests = [...words.map((word) => ask(lengths, word)), ask(alone, 'a'), ask(alone, 'b')];
  const names = await readFacts({ run }, base, () => requests, laptop, never);
  expect(ran.map(({ script, args, timeoutMs }) => [script, args?.length, timeoutMs])).toEqual([
    ['lengths', 16, 16_000],
    ['lengths', 4, 4000],
    ['alone', 1, undefined],
    ['alone', 1, undefined],
  ]);
  expect(names).toHaveLength(22);
  expect(words.map((word) => base.the(ask(lengths, word)))).toEqual(words.map(({ length }) => length));
});

it('keeps what could not be read of one from the others', async () => {
  const { run } = host();
  const base = new FactBase();
  await readFacts({ run }, base, () => [ask(lengths, 'a'), ask(lengths, 'gone'), ask(lengths, 'abc')], laptop, never);
  expect([base.the(ask(lengths, 'a')), base.the(ask(lengths, 'abc'))]).toEqual([1, 3]);
  expect(() => base.the(ask(lengths, 'gone'))).toThrow('gone: none of that name');
});

it('reads what lists the same things by one script, as if each had been asked alone', async () => {
  const ran: Command[] = [];
  const run: Parameters<typeof readFacts>[0]['run'] = (command) => {
    ran.push(command);
    const each = (name: string): string =>
      `${JSON.stringify({ id: name.repeat(64), name: `/${name}`, image: 'i', labels: null, state: { status: 'running', running: true, paused: false, restarting: false, pid: 1, startedAt: '', error: '' }, driver: 'overlay2', graph: null, storageOpt: null, autoRemove: false, restart: { Name: 'no', MaximumRetryCount: 0 } })}\n` +
      `${JSON.stringify({ id: name.repeat(64), name: `/${name}`, running: true, startedAt: '', mounts: [], tmpfs: null, volumesFrom: [`of-${name}`], links: null, networkMode: 'bridge', pidMode: '', ipcMode: '', autoRemove: false, labels: null })}\n`;
    // A third one is gone by now.
    return Promise.resolve({
      status: 1,
      stdout: `3\n${each('a')}${each('b')}`,
      stderr: 'Error response from daemon: No such container: c\n',
      droppedBytes: 0,
    } as Awaited<ReturnType<Parameters<typeof readFacts>[0]['run']>>);
  };
  const base = new FactBase();
  await readFacts({ run }, base, () => [ask(containers), ask(containerUses), ask(alone, 'a')], laptop, never);
  expect(ran.map(({ script }) => script.match(/docker inspect/g)?.length)).toEqual([1, undefined]);
  expect(base.the(ask(containers)).map(({ name, driver }) => [name, driver])).toEqual([
    ['a', 'overlay2'],
    ['b', 'overlay2'],
  ]);
  expect(base.the(ask(containerUses)).map(({ name, volumesFrom }) => [name, volumesFrom])).toEqual([
    ['a', ['of-a']],
    ['b', ['of-b']],
  ]);
});
