import { spawn } from 'node:child_process';
import type { SshRan } from '../model/io.ts';

interface RunOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** More than any configuration comes to; what is beyond is not kept. */
const mostBytes = 256 * 1024;

/**
 * Runs `ssh`, which may run programs of its own (`Match exec`): in a session of their own, so that none of them asks at
 * the terminal, and all of them can be ended.
 */
export function runSsh(args: readonly string[], { env, timeoutMs, signal }: RunOptions): Promise<SshRan> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(aborted(signal));
      return;
    }
    const isWindows = process.platform === 'win32';
    const child = spawn('ssh', args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env },
      detached: !isWindows,
      windowsHide: true,
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const end = (): void => {
      try {
        if (isWindows || child.pid === undefined) child.kill('SIGKILL');
        else process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
      child.stdout.destroy();
      child.stderr.destroy();
    };
    let settled = false;
    const settle = (done: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupted);
      done();
    };
    const timer = setTimeout(() => {
      settle(() => {
        resolve({ status: 'late', stdout: '', stderr: stderr() });
      });
      end();
    }, timeoutMs);
    const interrupted = (): void => {
      settle(() => {
        reject(aborted(signal));
      });
      end();
    };
    signal?.addEventListener('abort', interrupted, { once: true });
    child.once('error', (error) => {
      settle(() => {
        reject(error);
      });
    });
    child.once('close', (code) => {
      settle(() => {
        resolve({ status: code ?? -1, stdout: stdout(), stderr: stderr() });
      });
    });
  });
}

function aborted(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('interrupted');
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < mostBytes) chunks.push(chunk.subarray(0, mostBytes - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
