import type { Action, ExecAction } from '../engine/change.ts';
import { shell } from '../../shell/shell.ts';

const stopScript = `${shell('operations/pools/stop-containers.sh')}\n`;

const stopDaemonScript = shell('operations/pools/stop-daemon.sh');

const startScript = shell('operations/pools/start-daemon.sh');

const bringBackScript = shell('operations/pools/bring-back.sh');

const bringBackArgv = (file: string): readonly string[] => ['/bin/sh', '-c', bringBackScript, 'sh', file];

/** Where the record is kept. From here on the daemon and the containers are brought back at the end, whatever has become of the change. */
export function keepRecordsIn(directory: string, file: string): Action {
  return { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', directory], atEnd: [bringBackArgv(file)] };
}

export function stopContainers(running: readonly { readonly id: string; readonly startedAt: string }[]): Action {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-s', '--', ...running.flatMap(({ id, startedAt }) => [id, startedAt])],
    stdin: stopScript,
    timeoutMs: 900_000,
  };
}

export function stopDaemon(pool: string): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-c', stopDaemonScript, 'sh', pool], timeoutMs: 300_000 };
}

/** The pool that dockerd makes must be what was wanted. */
export function startDaemon(check: ExecAction['check']): Action {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-c', startScript],
    ...(check === undefined ? {} : { check }),
    timeoutMs: 600_000,
  };
}

export function bringBack(file: string): Action {
  return { kind: 'exec', argv: bringBackArgv(file), timeoutMs: 900_000 };
}
