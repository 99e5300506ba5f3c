import type { ExecAction } from '../engine/change.ts';
import { shell } from '../../shell/shell.ts';

const putScript = shell('operations/removal/put-into-quarantine.sh');
const removeScript = shell('operations/removal/remove-for-good.sh');
const releaseScript = shell('operations/removal/release.sh');

interface Meant {
  readonly name: string;
  /** `volumes/NAME`. */
  readonly path: string;
  readonly is: string;
}

function exec({ name, path, is }: Meant, stdin: string, more: readonly string[], timeoutMs: number): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', name, path, is, ...more], stdin, timeoutMs };
}

/** `except` is a container that has it, and is about to be removed. */
export function putIntoQuarantine(meant: Meant, keepSeconds: number, except?: string): ExecAction {
  return exec(meant, putScript, [String(keepSeconds), ...(except === undefined ? [] : [except])], 120_000);
}

/** `ended`: its quarantine has; `begun`: its removal was cut; `now`: there is no quarantine. */
export function removeForGood(meant: Meant, keepSeconds: number, why: 'ended' | 'begun' | 'now'): ExecAction {
  return exec(meant, removeScript, [String(keepSeconds), why], 3_600_000);
}

export function release(meant: Meant, how: 'undo' | 'forget'): ExecAction {
  return exec(meant, releaseScript, [how], 60_000);
}
