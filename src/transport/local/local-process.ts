import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ShellChannel } from '../remote-shell/shell-channel.ts';
import type { Carrier } from '../remote-shell/shell-connection.ts';

/**
 * Carries shells by child processes of this machine. `loginShell` is the argument vector that the
 * command line is appended to, for instance `['/bin/sh', '-c']`.
 */
export function localProcessCarrier(loginShell: readonly [string, ...string[]]): Carrier {
  const open = new Set<ShellChannel>();
  let onClosed: (error: Error | undefined) => void = () => undefined;
  const closed = new Promise<Error | undefined>((resolve) => {
    onClosed = resolve;
  });
  return {
    hostKey: 'SHA256:none',
    publicKey: '',
    server: 'local-process',
    closed,
    openChannel: (commandLine) => {
      const channel = startProcess(loginShell, commandLine);
      open.add(channel);
      void channel.ended.then(() => open.delete(channel));
      return Promise.resolve(channel);
    },
    close: () => {
      for (const channel of open) channel.destroy();
      void Promise.all([...open].map(({ ended }) => ended)).then(() => {
        onClosed(undefined);
      });
    },
  };
}

function startProcess([file, ...args]: readonly [string, ...string[]], commandLine: string): ShellChannel {
  const child = spawn(file, [...args, commandLine], { stdio: 'pipe' });
  const { stdin, stdout, stderr } = child;
  return {
    stdin,
    stdout,
    stderr,
    ended: new Promise((resolve) => {
      child.on('error', () => {
        resolve({ status: undefined });
      });
      child.on('close', (code, signal) => {
        resolve({ status: code ?? (signal === null ? undefined : 128 + constants.signals[signal]) });
      });
    }),
    // As with a cut connection: the shell meets the end of its input, and what it started goes on.
    destroy: () => {
      stdin.destroy();
      stdout.destroy();
      stderr.destroy();
    },
  };
}
