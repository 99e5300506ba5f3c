import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryTransport } from '../../src/transport/local/memory.ts';
import { CommandShell, type CommandShellOptions } from '../../src/transport/remote-shell/command-shell.ts';
import { stateDirectory } from '../../src/transport/remote-shell/frames.ts';
import { shells } from '../run/shells.ts';
import { startLockHolder } from '../support/lock-holder.ts';
import { never, testTarget } from '../support/target.ts';
import { isAlive } from './conformance.ts';
import { ada, bob, temporaryPlaces, untilGo, whenFree } from './lock-conformance.ts';

let places: ReturnType<typeof temporaryPlaces>;
beforeEach(() => {
  places = temporaryPlaces();
});
afterEach(() => {
  places.remove();
});

interface OpenShell {
  readonly shell: CommandShell;
  readonly pid: number;
  readonly ended: Promise<{ readonly status: number | undefined }>;
  /** From now on nothing reaches the shell any more, and nothing tells it so. */
  readonly freeze: () => void;
  readonly close: () => void;
}

for (const {
  name,
  argv: [file, ...args],
  tags,
} of shells)
  describe(`the lock of ${name}`, { tags }, () => {
    let opened: OpenShell[];
    beforeEach(() => {
      opened = [];
    });
    afterEach(async () => {
      for (const { close } of opened) close();
      await Promise.all(opened.map(({ ended }) => ended));
    });

    function open(options: Partial<CommandShellOptions> = {}, path = process.env['PATH']): OpenShell {
      const child = spawn(file, args, { stdio: 'pipe', env: { PATH: path } });
      const { stdout, stderr, pid = 0 } = child;
      const stdin = new PassThrough();
      stdin.pipe(child.stdin);
      child.stdin.on('error', () => undefined);
      const ended = new Promise<{ readonly status: number | undefined }>((resolve) => {
        child.once('close', (code, signal) => {
          resolve({ status: signal === 'SIGKILL' ? 137 : (code ?? undefined) });
        });
      });
      const channel = { stdin, stdout, stderr, ended, destroy: () => void child.stdin.destroy() };
      const shell = new CommandShell(channel, {
        host: 'web-1',
        nonce: '0123456789abcdef0123456789abcdef',
        commandTimeoutMs: 20_000,
        stateDirectory: stateDirectory('root', places.state),
        ...options,
      });
      const one = { shell, pid, ended, freeze: () => void stdin.unpipe(), close: () => void child.stdin.end() };
      opened.push(one);
      return one;
    }

    it('has a watchdog that keeps neither the lock nor the channel open, and goes with the lock', async () => {
      const { shell, pid } = open();
      await shell.lock(ada);
      const { watchdog, sleep } = await watchdogOf(pid);
      for (const each of [watchdog, sleep])
        expect(openFiles(each)).toEqual({ 0: '/dev/null', 1: '/dev/null', 2: '/dev/null', 9: undefined });
      await shell.unlock();
      await expect.poll(() => [watchdog, sleep].filter(isAlive)).toEqual([]);
    });

    it('has a watchdog that goes with the shell, and with nothing that the shell starts', async () => {
      const { shell, pid, close, ended } = open();
      await shell.lock(ada);
      const { watchdog, sleep } = await watchdogOf(pid);
      const repeatable = true;
      await Promise.allSettled([
        shell.run({ script: 'exit 3' }),
        shell.run({ script: '(exit 4); exit', repeatable }),
        shell.run({ script: 'sleep 60', timeoutMs: 300, repeatable }),
        shell.run({ script: 'kill -KILL $$' }),
      ]);
      expect([watchdog, sleep].filter(isAlive)).toEqual([watchdog, sleep]);
      close();
      expect(await ended).toEqual({ status: 0 });
      await expect.poll(() => [watchdog, sleep].filter(isAlive)).toEqual([]);
    });

    it('is kept by heartbeats, and watched by another when somebody has ended the watchdog', async () => {
      const { shell, pid } = open({ heartbeat: { intervalMs: 50, patienceMs: 10_000 } });
      await shell.lock(ada);
      const first = await watchdogOf(pid);
      await expect.poll(async () => (await watchdogOf(pid)).sleep).not.toBe(first.sleep);
      expect((await watchdogOf(pid)).watchdog).toBe(first.watchdog);
      process.kill(first.watchdog, 'SIGKILL');
      await expect.poll(async () => (await watchdogOf(pid)).watchdog).not.toBe(first.watchdog);
      expect((await shell.run({ script: 'echo on' })).stdout).toBe('on\n');
    });

    it('is lost without a heartbeat, but only after what is running has ended', async () => {
      const { shell, pid, ended, freeze } = open({ heartbeat: { intervalMs: 50, patienceMs: 2000 } });
      await shell.lock(ada);
      const { watchdog, sleep } = await watchdogOf(pid);
      const last = shell.run({ script: `echo started; ${untilGo}`, args: [places.directory] }, { onOutput: freeze });
      await expect.poll(() => [watchdog, sleep, pid].filter(isAlive)).toEqual([]);
      const { shell: other } = open();
      expect(await other.lock(bob)).toEqual({ held: false, holder: ada });
      writeFileSync(join(places.directory, 'go'), '');
      await expect.poll(() => other.lock(bob)).toEqual({ held: true });
      expect(existsSync(join(places.directory, 'done'))).toBe(true);
      expect(await last).toMatchObject({ status: 0, stdout: 'started\n' });
      expect(await ended).toEqual({ status: 137 });
      await expect(shell.lock(ada)).rejects.toMatchObject({
        code: 'connection-lost',
        hint: expect.stringContaining('asleep') as unknown,
      });
    });

    it('needs a flock, and one that works', async () => {
      const tools = join(places.directory, 'tools');
      mkdirSync(tools);
      for (const tool of ['mkdir', 'ls', 'od', 'setsid'])
        symlinkSync(
          execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', tool]).toString().trim(),
          join(tools, tool),
        );
      await expect(open({}, tools).shell.lock(ada)).rejects.toMatchObject({
        code: 'missing-tool',
        hint: expect.stringContaining('util-linux') as unknown,
      });
      writeFileSync(join(tools, 'flock'), '#!/bin/sh\nprintf "flock: \\033[31mNo locks available" >&2; exit 1\n');
      chmodSync(join(tools, 'flock'), 0o755);
      await expect(open({}, tools).shell.lock(ada)).rejects.toMatchObject({
        code: 'refused',
        message: String.raw`web-1: the lock cannot be taken: flock: \x1b[31mNo locks available`,
      });
    });

    it('costs the connection when the shell does not answer', async () => {
      const { shell, freeze } = open({ commandTimeoutMs: 50 });
      freeze();
      await expect(shell.lock(ada)).rejects.toMatchObject({ code: 'timed-out' });
      await expect(shell.run({ script: ':' })).rejects.toMatchObject({ code: 'connection-lost' });
      await shell.unlock();
    });

    it('resolves when it is let go of and the shell does not answer any more', async () => {
      const { shell, freeze } = open({ commandTimeoutMs: 2000 });
      await shell.lock(ada);
      freeze();
      await shell.unlock();
      await expect(shell.lock(ada)).rejects.toMatchObject({ code: 'connection-lost' });
    });

    it('is kept below the home directory of whoever is not root', async () => {
      const { directory } = places;
      const stateOf = async (env: Readonly<Record<string, string>>): Promise<string> => {
        const { stdout } = await new Promise<{ readonly stdout: string }>((resolve) => {
          const program = spawn(file, args, { stdio: 'pipe', env });
          let text = '';
          program.stdout.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          program.once('close', () => {
            resolve({ stdout: text });
          });
          program.stdin.end(`printf %s ${stateDirectory('ada', '/var/lib/plimsoll')}`);
        });
        return stdout;
      };
      expect(await stateOf({ HOME: `${directory}/it's home` })).toBe(`${directory}/it's home/.local/state/plimsoll`);
      expect(await stateOf({ HOME: directory, XDG_STATE_HOME: '/srv/state of ada' })).toBe(
        '/srv/state of ada/plimsoll',
      );
      expect(stateDirectory('root', '/var/lib/plimsoll')).toBe('/var/lib/plimsoll');
    });
  });

it('a lock is lost by a laptop that sleeps, but what it has started comes to its end', async () => {
  const { directory, state } = places;
  const sleeper = await startLockHolder('memory', { stateDirectory: state }, untilGo, [directory]);
  try {
    await sleeper.freeze();
    const transport = createMemoryTransport({ hosts: { 'web-1': { shell: ['/bin/sh', '-c'] } } });
    const connection = await transport.connect(testTarget({ stateDirectory: state }), never);
    expect(await connection.lock(bob)).toMatchObject({ held: false, holder: { run: 'elsewhere', by: 'eve@laptop' } });
    writeFileSync(join(directory, 'go'), '');
    await whenFree(connection);
    expect(existsSync(join(directory, 'done'))).toBe(true);
    await connection.close();
  } finally {
    await sleeper.kill();
  }
});

interface Watchdog {
  readonly watchdog: number;
  readonly sleep: number;
}

/** The only child of a shell that has nothing else to do, and what that one waits for. */
async function watchdogOf(shell: number): Promise<Watchdog> {
  let found: Watchdog | undefined;
  await expect
    .poll(
      () => {
        const [watchdog] = childrenOf(shell);
        const [sleep] = watchdog === undefined ? [] : childrenOf(watchdog).filter((pid) => nameOf(pid) === 'sleep');
        found = watchdog === undefined || sleep === undefined ? undefined : { watchdog, sleep };
        return found;
      },
      { interval: 10 },
    )
    .toBeDefined();
  if (found === undefined) throw new Error('there is no watchdog');
  return found;
}

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
  return pids.filter(
    (pid) => isAlive(pid) && new RegExp(`[)] . ${String(parent)} `).test(read(`/proc/${String(pid)}/stat`)),
  );
}

function nameOf(pid: number): string {
  return read(`/proc/${String(pid)}/comm`).trim();
}

/** A process may end while one looks at it. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function openFiles(pid: number): Readonly<Record<number, string | undefined>> {
  const open = new Set(readdirSync(`/proc/${String(pid)}/fd`));
  return Object.fromEntries(
    [0, 1, 2, 9].map((descriptor) => [
      descriptor,
      open.has(String(descriptor)) ? readlinkSync(`/proc/${String(pid)}/fd/${String(descriptor)}`) : undefined,
    ]),
  );
}
