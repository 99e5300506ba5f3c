import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Contender, Trial } from './contender.ts';
import type { Machine } from './machine.ts';
import { machine, since } from './machine.ts';
import { python } from './requirements.ts';

const longestMs = 20 * 60 * 1000;

/** What one run of a program took, its start included. */
export interface Taken {
  /** Wall time. */
  readonly seconds: number;
  /** CPU seconds of the program and its children, on the side of the laptop. */
  readonly cpu: number;
  /** The most memory that one process of it had at once. */
  readonly peakKiB: number;
  /** Of clients and hosts together. */
  readonly machine: Machine;
}

const usage = z.object({ cpu: z.number(), peakKiB: z.number() });

/** Runs a contender once. Rejects when it did not do its work. */
export async function time(contender: Contender, trial: Omit<Trial, 'directory'>, signal: AbortSignal): Promise<Taken> {
  await trial.hosts.quiet();
  const directory = mkdtempSync(join(trial.hosts.directory, 't'));
  const { argv, env = {}, after } = contender.prepare({ ...trial, directory });
  const home = join(directory, 'home');
  mkdirSync(home);
  const used = join(directory, 'usage.json');
  try {
    const before = machine();
    const started = performance.now();
    // Nothing of this user's environment: no agent, no configuration of theirs.
    const counted = [python, join(import.meta.dirname, 'usage.py'), used, ...argv] as const;
    await runProgram(counted, { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: home, ...env }, signal);
    return {
      seconds: (performance.now() - started) / 1000,
      ...usage.parse(JSON.parse(readFileSync(used, 'utf8'))),
      machine: since(before),
    };
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
