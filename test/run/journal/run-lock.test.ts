import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holderOf, holdRun, lockAddress } from '../../../src/run/journal/run-lock.ts';

const lockModule = new URL('../../../src/run/journal/run-lock.ts', import.meta.url).href;
const started: ChildProcess[] = [];
let directory = '';
let number = 0;
let runId = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-lock-'));
  number += 1;
  runId = `20261120-181612-${process.pid.toString(16)}${String(number)}`;
});
afterEach(async () => {
  for (const child of started.splice(0)) await ended(child, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** Another process that has the run. */
async function otherProcess(state: string): Promise<ChildProcess> {
  const code = `const { holdRun } = await import(process.argv[1]); await holdRun(process.argv[3], process.argv[2]); process.stdout.write('held'); setInterval(() => undefined, 1000);`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', code, lockModule, runId, state],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  started.push(child);
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error('the other process has ended'))),
  ]);
  return child;
}

describe.each([
  { kind: 'a state directory', stateOf: (): string => directory },
  {
    kind: 'one with a longer path than a socket may have',
    stateOf: (): string => join(directory, 'long'.repeat(40), 'longer'.repeat(20)),
  },
])('a run is held in $kind', ({ stateOf }) => {
  it('by one at a time, until it is let go of', async () => {
    const state = stateOf();
    const held = await holdRun(state, runId);
    await expect(holdRun(state, runId)).rejects.toMatchObject({
      code: 'locked',
      message: `this machine is working on run ${runId} already (pid ${String(process.pid)})`,
      hint: expect.stringContaining('wait'),
    });
    await held.release();
    await held.release();
    await (await holdRun(state, runId)).release();
    expect(readdirSync(join(state, 'locks'))).toEqual([]);
  });

  it('against another process, which is named; it vanishes with that process, even when that is killed', async () => {
    const state = stateOf();
    const child = await otherProcess(state);
    await expect(holdRun(state, runId)).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`(pid ${String(child.pid)})`),
    });
    await ended(child, 'SIGKILL');
    await (await holdRun(state, runId)).release();
    expect(readdirSync(join(state, 'locks'))).toEqual([]);
  });

  it('by only one of many that try at once', async () => {
    const state = stateOf();
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => holdRun(state, runId)));
    const held = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });

  it('against one that is stopped and cannot say who it is', async () => {
    const state = stateOf();
    const child = await otherProcess(state);
    child.kill('SIGSTOP');
    await expect(holdRun(state, runId)).rejects.toMatchObject({
      code: 'locked',
      message: `this machine is working on run ${runId} already`,
    });
  });

  it('against one that answers nonsense', async () => {
    const state = stateOf();
    const server = createServer((socket) => socket.end('\x1b[2J1\n'));
    const address = lockAddress(state, runId);
    mkdirSync(dirname(address), { recursive: true });
    const short = join(directory, 's');
    symlinkSync(dirname(address), short);
    server.listen(join(short, basename(address)));
    await once(server, 'listening');
    await expect(holdRun(state, runId)).rejects.toMatchObject({
      code: 'locked',
      message: `this machine is working on run ${runId} already`,
    });
    server.close();
    await once(server, 'close');
  });
});

it('each run is held on its own, and whoever lists them sees by whom', async () => {
  const other = `${runId}b`;
  expect(await holderOf(directory, runId)).toBeUndefined();
  const held = await holdRun(directory, runId);
  expect(await holderOf(directory, runId)).toEqual({ pid: process.pid });
  expect(await holderOf(directory, other)).toBeUndefined();
  await (await holdRun(directory, other)).release();
  await held.release();
  expect(await holderOf(directory, runId)).toBeUndefined();
});

it('a file that a killed process has left is taken over by only one of many', async () => {
  const [state, address] = [directory, lockAddress(directory, runId)];
  await ended(await otherProcess(state), 'SIGKILL');
  expect(existsSync(address)).toBe(true);
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => holdRun(state, runId)));
  const held = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(held).toHaveLength(1);
  await held[0]?.release();
  expect(readdirSync(join(state, 'locks'))).toEqual([]);
});

it('a file that is no socket is nobody', async () => {
  const address = lockAddress(directory, runId);
  mkdirSync(dirname(address), { recursive: true });
  writeFileSync(address, '');
  await (await holdRun(directory, runId)).release();
  expect(existsSync(address)).toBe(false);
});

it('does not keep a process alive that has nothing else to do', async () => {
  const code = `const { holdRun } = await import(process.argv[1]); await holdRun(process.argv[3], process.argv[2]);`;
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', code, lockModule, runId, directory],
    { stdio: 'inherit' },
  );
  started.push(child);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('cannot be taken by another user of the machine: it is where he may write nothing, and not in the name space of all', async () => {
  const held = await holdRun(directory, runId);
  expect(statSync(dirname(lockAddress(directory, runId))).mode & 0o777).toBe(0o700);
  if (process.platform === 'linux')
    expect(readFileSync('/proc/net/unix', 'utf8')).not.toMatch(new RegExp(`@[^\\n]*${runId}`));
  await held.release();
});

it('whoever was killed while it took over keeps nobody waiting', async () => {
  await ended(await otherProcess(directory), 'SIGKILL');
  const dead = started.at(-1)?.pid ?? 0;
  mkdirSync(join(`${lockAddress(directory, runId)}.taking`, String(dead)), { recursive: true });
  await (await holdRun(directory, runId)).release();
});

it('that cannot be is said, with what to do', async () => {
  writeFileSync(join(directory, 'locks'), '');
  await expect(holdRun(directory, runId)).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringMatching(/cannot be held in .*\/locks: /),
    hint: expect.stringContaining('XDG_STATE_HOME'),
  });
});
