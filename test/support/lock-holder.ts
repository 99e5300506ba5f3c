import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Target } from '../../src/transport/transport.ts';

const program = fileURLToPath(new URL('./hold-lock.ts', import.meta.url));

/** Another plimsoll, in a process of its own, that has a host's lock and runs a command there. */
export interface LockHolderProcess {
  /** As a laptop that sleeps: nothing is closed, nothing is sent. */
  freeze(): Promise<void>;
  /** As a laptop that crashes. */
  kill(): Promise<void>;
}

/** Resolves once the command has started. */
export async function startLockHolder(
  kind: 'ssh' | 'memory',
  overrides: Partial<Target>,
  script: string,
  args: readonly string[],
): Promise<LockHolderProcess> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', program, kind, JSON.stringify(overrides), script, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  await started(child, exited);
  return {
    freeze: () => {
      child.kill('SIGSTOP');
      return Promise.resolve();
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function started({ stdout }: ChildProcess, exited: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout?.once('data', () => {
      resolve();
    });
    void exited.then(() => {
      reject(new Error('the process that was to take the lock has ended'));
    });
  });
}
