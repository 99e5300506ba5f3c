import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { JoinedWrites } from '../../src/cli/joined-writes.ts';

function joined() {
  const written: [string, string][] = [];
  const sink = (name: string) => ({ write: (text: string) => written.push([name, text]) });
  const ending = new EventEmitter();
  const writes = new JoinedWrites(ending);
  return { written, ending, writes, out: sink('out'), err: sink('err') };
}

it('what a thousand hosts say in one turn is one write, and the next turn’s another', async () => {
  const { written, writes, out } = joined();
  for (let host = 0; host < 1000; host += 1) writes.write(out, `web-${String(host)}\n`);
  await Promise.resolve();
  writes.write(out, 'of a promise that was settled in it\n');
  expect(written).toEqual([]);
  await turn();
  expect(written).toHaveLength(1);
  expect(written[0]?.[1]).toMatch(/^web-0\nweb-1\n[^]*web-999\nof a promise that was settled in it\n$/);
  await turn();
  writes.write(out, 'later\n');
  await turn();
  expect(written.slice(1)).toEqual([['out', 'later\n']]);
});

it('one stream does not overtake the other', async () => {
  const { written, writes, out, err } = joined();
  writes.write(out, '1');
  writes.write(out, '2');
  writes.write(err, '3');
  writes.write(out, '4');
  await turn();
  expect(written).toEqual([
    ['out', '12'],
    ['err', '3'],
    ['out', '4'],
  ]);
});

it('what waits is bounded', () => {
  const { written, writes, out } = joined();
  const piece = 'x'.repeat(1000);
  for (let number = 0; number < 200; number += 1) writes.write(out, piece);
  expect(written.map(([, text]) => text.length)).toEqual([66_000, 66_000, 66_000]);
});

it('what waits is written before the process ends, and before an exception that nobody catches is shown', () => {
  const { written, writes, ending, out, err } = joined();
  writes.write(out, 'before the exception');
  ending.emit('uncaughtExceptionMonitor');
  writes.write(out, 'before the end');
  ending.emit('exit');
  writes.write(err, 'at the end');
  expect(written).toEqual([
    ['out', 'before the exception'],
    ['out', 'before the end'],
    ['err', 'at the end'],
  ]);
});

it.each([
  ['returns', ''],
  ['is ended', 'process.exit(3);'],
  ['crashes', "throw new Error('boom');"],
  ['is interrupted', "process.on('SIGINT', () => process.exit(130)); process.kill(process.pid, 'SIGINT');"],
])('nothing is lost, and nothing is out of order, when a program %s', (_how, end) => {
  const module = fileURLToPath(new URL('../../src/cli/joined-writes.ts', import.meta.url));
  const program = `
    import { JoinedWrites } from ${JSON.stringify(module)};
    const writes = new JoinedWrites(process);
    for (let line = 0; line < 30_000; line += 1) writes.write(line % 10_000 === 9_999 ? process.stderr : process.stdout, line + '\\n');
    ${end}`;
  const { stdout } = spawnSync(
    '/bin/sh',
    ['-c', '"$@" 2>&1', 'sh', process.execPath, '--import', 'tsx', '--input-type=module', '-e', program],
    {
      encoding: 'utf8',
      maxBuffer: 2 ** 24,
    },
  );
  expect(stdout.split('\n').slice(0, 30_000)).toEqual(Array.from({ length: 30_000 }, (_, line) => String(line)));
});
