import { assignments } from '../../shell/render.ts';
import { shell } from '../../shell/shell.ts';
import { quote } from '../../values/shell.ts';
import { markerFormat } from './marker-reader.ts';

/**
 * The texts with which the remote shell takes and keeps the host's lock. It does so itself, not in one
 * of its commands, so that the lock is there for all of them and is gone when the shell is. Each text is
 * one compound command, as every frame.
 */

/** How many bytes of a lock file, or of an error message, are sent to the laptop. */
export const longestSaid = 4096;
/** A holder that has just been given the lock writes its name a moment later. */
const secondsToWrite = 0.2;

const functions = shell('transport/remote-shell/lock.sh', {
  plimsoll_longest_said: longestSaid,
  plimsoll_write_seconds: secondsToWrite,
});

/** `token` names the request in its reports; without a heartbeat for `patienceMs` the shell ends itself. */
export function lockFrame(nonce: string, token: number, holder: string, patienceMs: number): string {
  const values = assignments({ plimsoll_mark: markerFormat(nonce), plimsoll_patience: patienceMs / 1000 });
  return ['{', values, functions, `plimsoll_lock ${String(token)} ${quote(holder)}`, '} 2>/dev/null', ''].join('\n');
}

/** A watchdog that somebody has ended is started again. */
export function heartbeatFrame(): string {
  return '{ if plimsoll_child "$plimsoll_watchdog" "$$"; then kill -s USR1 "$plimsoll_watchdog"; else plimsoll_watch; fi; } 2>/dev/null\n';
}

/** What has been started meanwhile keeps the lock until it ends: so the file is closed, not unlocked. */
export function unlockFrame(nonce: string, token: number): string {
  return `{ exec 9>&-; trap - EXIT; plimsoll_unwatch; printf '${markerFormat(nonce)}unlocked ${String(token)}\\n'; } 2>/dev/null\n`;
}
