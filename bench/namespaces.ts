import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

const variable = 'PLIMSOLL_BENCH_ISOLATED';

/** Where the hosts' sessions look first, whatever else is in their PATH. */
export const firstPrograms = '/usr/local/sbin';

/**
 * A loopback interface of our own, so that its delay is nobody else's, and a /dev/mapper and a directory of programs of our
 * own, so that a recorded device and recorded tools can lie there. All vanish with the last process in them.
 */
const prepare = `ip link set lo up && mkdir -p /dev/mapper && mount -t tmpfs bench /dev/mapper && mount -t tmpfs bench ${firstPrograms} && exec "$@"`;

export function isIsolated(): boolean {
  return process.env[variable] !== undefined;
}

/** Runs this program again in namespaces of its own, and resolves with its exit status. */
export function runIsolated(): Promise<number> {
  const allowed = spawnSync('unshare', ['--mount', '--net', 'true'], { encoding: 'utf8' });
  if (allowed.status !== 0)
    throw new Error(
      `no namespaces can be made here (in a container, CAP_SYS_ADMIN is needed): ${allowed.stderr.trim()}`,
    );
  const self = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', ['--mount', '--net', 'sh', '-c', prepare, 'sh', ...self], {
    stdio: 'inherit',
    env: { ...process.env, [variable]: '1' },
  });
  // The terminal interrupts both; this one only waits until the other has cleaned up.
  const pass = (signal: NodeJS.Signals) => (): void => {
    if (signal !== 'SIGINT') child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
