import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Trial } from './contender.ts';

const longestMs = 20 * 60 * 1000;

/** Runs a contender once and resolves with its wall time in seconds. Rejects when it did not do its work. */
export async function time(
  contender: Contender,
  trial: Omit<Trial, 'directory'>,
  signal: AbortSignal,
): Promise<number> {
  await trial.hosts.quiet();
  const directory = mkdtempSync(join(trial.hosts.directory, 't'));
  const { argv, env = {}, after } = contender.prepare({ ...trial, directory });
  const home = join(directory, 'home');
  mkdirSync(home);
  try {
    const started = performance.now();
    // Nothing of this user's environment: no agent, no configuration of theirs.
    await runProgram(argv, { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: home, ...env }, signal);
    return (performance.now() - started) / 1000;
  } finally {
    after?.();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Resolves when the program has ended with 0; rejects otherwise, with the end of what it printed. */
export function runProgram(
  [program, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], signal, timeout: longestMs });
    let tail = '';
    let failure: Error | undefined;
    const keep = (chunk: Buffer): void => {
      tail = (tail + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    // It is waited for all the same: what it still writes must not get in the way of what comes next.
    child.on('error', (error) => {
      failure = error;
    });
    child.on('close', (code, killedBy) => {
      if (failure !== undefined) reject(failure);
      else if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${killedBy ?? String(code)}:\n${tail}`));
    });
  });
}
