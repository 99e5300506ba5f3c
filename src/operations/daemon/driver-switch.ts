import type { Action, CheckAction, ExecAction } from '../engine/change.ts';
import { shell } from '../../shell/shell.ts';

const switchScript = shell('operations/daemon/switch-driver.sh');

const returnScript = shell('operations/daemon/go-back-to-driver.sh');

/** How many containers have been made with the new driver, or `none`. */
const madeScript = shell('operations/daemon/containers-made.sh');

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
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-c', switchScript, 'sh', path, to, ...running],
    onFailure: [returnArgv(change, backup)],
    timeoutMs,
  };
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
