import type { Directory } from './copy-start.ts';
import type { Action, ExecAction } from '../engine/change.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import { functionOf, wholeScript } from '../../shell/render.ts';
import { shell } from '../../shell/shell.ts';

/** Functions about the containers that a file remembers as stopped. */
export const startFunctions = `${shell('operations/copies/stopped.sh')}\n`;

const startScript = shell('operations/copies/start-again.sh');
const stopAndCopyTitle =
  'Stops the containers that $1 names, makes the final pass from $2 to $4, ' +
  'and starts them again whatever becomes of it.';
const stopAndCopy = shell('operations/copies/stop-and-copy.sh');

/** Starts what a copy or a backup has stopped and not started again. Nothing to do is success. */
export function startAgain(file: string): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', file], stdin: startScript, timeoutMs: 600_000 };
}

/**
 * Stops containers, makes the final pass, and starts them again whatever has become of it, also when it
 * is ended. `file` names them already. Both directories must still be the ones that were planned for:
 * what was mounted for a container goes with it. A container that somebody (or a restarted daemon) has
 * started meanwhile takes the copy its worth.
 */
export function copyWhileStopped(
  file: string,
  source: Directory,
  target: Directory,
  pass: (stillHolds: string) => string,
): Action {
  const script = wholeScript(stopAndCopyTitle, functionOf('final_pass', pass('still_stopped')), stopAndCopy);
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-s', '--', file, source.path, source.identity, target.path, target.identity],
    stdin: script,
    timeoutMs: longestCopyMs,
  };
}
