import type { Action, ExecAction } from '../change.ts';
import { shell } from '../../shell/shell.ts';

/** Arguments: each container that runs, its id and its start. Nothing else may run, and nothing runs afterwards. */
const stopScript = `${shell('operations/pools/offline-scripts-stop.sh')}\n`;

/**
 * Argument: the pool. The socket first, or whoever asks Docker something starts the daemon again. With no
 * container running the daemon removes the pool, and with it the loop devices, when it stops; a pool that
 * stays is not made longer at the next start.
 */
const stopDaemonScript = shell('operations/pools/stop-daemon.sh');

const start = shell('operations/pools/offline-scripts-start.sh');

/**
 * Argument: the record of what ran. The daemon answers and all of it runs: then it is forgotten. Without a
 * record there is nothing to do. It is not ended half way.
 */
const bringBackScript = shell('operations/pools/bring-back.sh');

const bringBackArgv = (file: string): readonly string[] => ['/bin/sh', '-c', bringBackScript, 'sh', file];

/** Where the record is kept. From here on the daemon and the containers are brought back at the end, whatever has become of the change. */
export function keepRecordsIn(directory: string, file: string): Action {
  return { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', directory], atEnd: [bringBackArgv(file)] };
}

export function stopContainers(running: readonly { readonly id: string; readonly startedAt: string }[]): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', ...running.flatMap(({ id, startedAt }) => [id, startedAt])], stdin: stopScript, timeoutMs: 900_000 };
}

export function stopDaemon(pool: string): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-c', stopDaemonScript, 'sh', pool], timeoutMs: 300_000 };
}

/** The pool that dockerd makes must be what was wanted. */
export function startDaemon(check: ExecAction['check']): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-c', `# Starts the Docker daemon.\n${start}`], ...(check === undefined ? {} : { check }), timeoutMs: 600_000 };
}

export function bringBack(file: string): Action {
  return { kind: 'exec', argv: bringBackArgv(file), timeoutMs: 900_000 };
}
