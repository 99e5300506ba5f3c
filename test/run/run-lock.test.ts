import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holderOf, holdRun, lockAddress } from '../../src/run/run-lock.ts';

const lockModule = new URL('../../src/run/run-lock.ts', import.meta.url).href;
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
async function otherProcess(address: string): Promise<ChildProcess> {
  const code = `const { holdRun } = await import(process.argv[1]); await holdRun(process.argv[2], Buffer.from(process.argv[3], 'base64').toString()); process.stdout.write('held'); setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, lockModule, runId, Buffer.from(address).toString('base64')], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => Promise.reject(new Error('the other process has ended')))]);
  return child;
}

describe.each([
  // A name in no file system exists on Linux only.
  ...(process.platform === 'linux' ? [{ kind: 'a name', addressOf: (): string => lockAddress(runId, 'linux') }] : []),
  { kind: 'a file', addressOf: (): string => join(directory, 'run.sock') },
])('a run is held by $kind', ({ addressOf }) => {
  it('by one at a time, until it is let go of', async () => {
    const address = addressOf();
    const held = await holdRun(runId, address);
    await expect(holdRun(runId, address)).rejects.toMatchObject({ code: 'locked', message: `this machine is working on run ${runId} already (pid ${String(process.pid)})`, hint: expect.stringContaining('wait') });
    await held.release();
    await held.release();
    await (await holdRun(runId, address)).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('against another process, which is named; it vanishes with that process, even when that is killed', async () => {
    const address = addressOf();
    const child = await otherProcess(address);
    await expect(holdRun(runId, address)).rejects.toMatchObject({ code: 'locked', message: expect.stringContaining(`(pid ${String(child.pid)})`) });
    await ended(child, 'SIGKILL');
    await (await holdRun(runId, address)).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('by only one of many that try at once', async () => {
    const address = addressOf();
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => holdRun(runId, address)));
    const held = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(held).toHaveLength(1);
    await held[0]?.release();
  });

  it('against one that is stopped and cannot say who it is', async () => {
    const address = addressOf();
    const child = await otherProcess(address);
    child.kill('SIGSTOP');
    await expect(holdRun(runId, address)).rejects.toMatchObject({ code: 'locked', message: `this machine is working on run ${runId} already` });
  });

  it('against one that answers nonsense', async () => {
    const address = addressOf();
    const server = createServer((socket) => socket.end('\x1b[2J1\n')).listen(address);
    await once(server, 'listening');
    await expect(holdRun(runId, address)).rejects.toMatchObject({ code: 'locked', message: `this machine is working on run ${runId} already` });
    server.close();
    await once(server, 'close');
  });
});

it('each run is held on its own, and whoever lists them sees by whom', async () => {
  const other = `${runId}b`;
  expect(await holderOf(runId)).toBeUndefined();
  const held = await holdRun(runId);
  expect(await holderOf(runId)).toEqual({ pid: process.pid });
  expect(await holderOf(other)).toBeUndefined();
  await (await holdRun(other)).release();
  await held.release();
  expect(await holderOf(runId)).toBeUndefined();
});

it('a file that a killed process has left is taken over by only one of many', async () => {
  const address = join(directory, 'run.sock');
  await ended(await otherProcess(address), 'SIGKILL');
  expect(existsSync(address)).toBe(true);
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => holdRun(runId, address)));
  const held = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(held).toHaveLength(1);
  await held[0]?.release();
  expect(readdirSync(directory)).toEqual([]);
});

it('a file that is no socket is nobody', async () => {
  const address = join(directory, 'run.sock');
  writeFileSync(address, '');
  await (await holdRun(runId, address)).release();
  expect(existsSync(address)).toBe(false);
});

it('does not keep a process alive that has nothing else to do', async () => {
  const code = `const { holdRun } = await import(process.argv[1]); await holdRun(process.argv[2]);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code, lockModule, runId], { stdio: 'inherit' });
  started.push(child);
  expect(await once(child, 'exit')).toEqual([0, null]);
});
