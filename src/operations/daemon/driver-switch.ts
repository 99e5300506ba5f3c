import type { Action, CheckAction, ExecAction } from '../change.ts';
import { shell } from '../../shell/shell.ts';

/**
 * Arguments: the file, the wanted driver, then the containers that run. dockerd has --validate since
 * release 23; without it a file that it does not understand is found out when it starts.
 */
const switchScript = shell('operations/daemon/driver-switch-switch.sh');

/**
 * Arguments: the file; what it is to be again: the path of a copy, \`absent\`, or \`done\`, where it is that
 * already; the driver to go back to; then the containers that ran, in their order.
 */
const returnScript = shell('operations/daemon/driver-switch-return.sh');

/**
 * Arguments: the driver to go back to, and how many containers the new one had before. A daemon that does not run has
 * none; of one that runs and gives no answer it is not known. What is printed is compared, so errors are asked for by themselves.
 */
const madeScript = shell('operations/daemon/driver-switch-made.sh');

export interface DriverSwitch {
  readonly path: string;
  /** The copy of the file as it was; undefined when there was none. */
  readonly backup: string | undefined;
  readonly from: string;
  readonly to: string;
  /** How many containers of the new driver are there from earlier. */
  readonly known: number;
  /** The containers that run, in the order in which they were started. */
  readonly running: readonly string[];
}

const timeoutMs = 900_000;

/** Stops the containers, starts the daemon with its new file, and holds it to the driver that is wanted; on any failure it goes back. */
export function switchDriver(change: DriverSwitch): ExecAction {
  const { path, backup = 'absent', to, running } = change;
  return { kind: 'exec', argv: ['/bin/sh', '-c', switchScript, 'sh', path, to, ...running], onFailure: [returnArgv(change, backup)], timeoutMs };
}

/** Goes back later, with an action that makes the file what it was: not once containers have been made that would become invisible in their turn. */
export function switchBack(change: DriverSwitch, file: Action): readonly Action[] {
  const { from, to, known } = change;
  const nothingNew: CheckAction = {
    kind: 'check',
    argv: ['/bin/sh', '-c', madeScript, 'sh', from, String(known)],
    equals: 'none',
    otherwise: `containers have been made with ${to} since, or may have been, and would become invisible with ${from}: remove them first`,
  };
  return [nothingNew, file, { kind: 'exec', argv: returnArgv(change, 'done'), timeoutMs }];
}

function returnArgv({ path, from, running }: DriverSwitch, file: string): readonly string[] {
  return ['/bin/sh', '-c', returnScript, 'sh', path, file, from, ...running];
}
