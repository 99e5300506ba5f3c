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
const secondsToWrite = '0.2';

const hexadecimal = `od -An -v -tx1 -N ${String(longestSaid)}`;

/**
 * What has to be so before the shell itself opens the file: a redirection that fails would end it, and
 * the connection with it. Files that others could replace would let them run programs as us.
 */
const preparation = `exec </dev/null 2>&1
command -v flock >/dev/null || exit 3
case $PLIMSOLL_STATE in /*) ;; *) echo "$PLIMSOLL_STATE is not an absolute path"; exit 4 ;; esac
mkdir -p -- "$PLIMSOLL_STATE" || exit 4
[ -O "$PLIMSOLL_STATE" ] || { echo "$PLIMSOLL_STATE belongs to another user"; exit 4; }
case $(ls -ldn -- "$PLIMSOLL_STATE/.") in d????-??-*) ;; *) echo "$PLIMSOLL_STATE can be written by other users"; exit 4 ;; esac
[ ! -e "$PLIMSOLL_STATE/lock" ] || [ -f "$PLIMSOLL_STATE/lock" ] || { echo "$PLIMSOLL_STATE/lock is not a regular file"; exit 4; }
exec 9<>"$PLIMSOLL_STATE/lock"`;

/**
 * `plimsoll_say TOKEN` sends its input, hexadecimal bytes, in markers: each is one short write, so the
 * output of commands cannot come between.
 * `plimsoll_child PID PARENT` tells whether a process is (still) a child of another; no number is ever
 * signalled that could have been given to a stranger meanwhile.
 * `plimsoll_watch` starts the watchdog: without USR1 for the given time it ends the shell. It keeps
 * neither the lock nor the channel open, and is ended by the shell's own end.
 * `plimsoll_lock TOKEN HOLDER` tries once to take the lock, and reports.
 */
function functions(mark: string, patienceSeconds: string): string {
  return `plimsoll_say() { while read -r plimsoll_bytes; do printf '${mark}said %s %s\\n' "$1" "$plimsoll_bytes"; done; }
plimsoll_child() { read -r plimsoll_stat 2>/dev/null <"/proc/$1/stat" && set -- "$2" \${plimsoll_stat##*") "} && [ "$3" = "$1" ]; }
plimsoll_watch() {
trap '' USR1
(
trap 'plimsoll_beat=1' USR1
trap 'kill "$!"; exit' TERM
while :; do
plimsoll_beat=
sleep ${patienceSeconds} &
wait "$!" || kill "$!"
if [ -z "$plimsoll_beat" ]; then break; fi
done
if plimsoll_child self "$$"; then kill -s KILL "$$"; fi
) </dev/null >/dev/null 2>/dev/null 9>&- &
plimsoll_watchdog=$!
trap - USR1
}
plimsoll_unwatch() { if plimsoll_child "$plimsoll_watchdog" "$$"; then kill -s TERM "$plimsoll_watchdog"; fi; plimsoll_watchdog=; }
plimsoll_lock() {
plimsoll_text=$(${preparation}
)
plimsoll_status=$?
if [ "$plimsoll_status" -eq 0 ]; then
exec 9<>"$PLIMSOLL_STATE/lock"
plimsoll_text=$(flock -n 9 </dev/null 2>&1) || plimsoll_status=1
fi
if [ "$plimsoll_status" -eq 0 ]; then
printf '%s\\n' "$2" >"$PLIMSOLL_STATE/lock"
plimsoll_watch
trap plimsoll_unwatch EXIT
printf '${mark}lock %s taken\\n' "$1"
return
fi
exec 9>&-
if [ "$plimsoll_status" -eq 1 ] && [ -z "$plimsoll_text" ]; then
{ sleep ${secondsToWrite}; ${hexadecimal} "$PLIMSOLL_STATE/lock" | plimsoll_say "$1"; printf '${mark}lock %s busy\\n' "$1"; } </dev/null &
elif [ "$plimsoll_status" -eq 3 ]; then
printf '${mark}lock %s no-flock\\n' "$1"
else
printf %s "$plimsoll_text" | ${hexadecimal} | plimsoll_say "$1"
printf '${mark}lock %s refused\\n' "$1"
fi
}`;
}

/** `token` names the request in its reports; without a heartbeat for `patienceMs` the shell ends itself. */
export function lockFrame(nonce: string, token: number, holder: string, patienceMs: number): string {
  return `{\n${functions(markerFormat(nonce), String(patienceMs / 1000))}\nplimsoll_lock ${String(token)} ${quote(holder)}\n} 2>/dev/null\n`;
}

/** A watchdog that somebody has ended is started again. */
export function heartbeatFrame(): string {
  return '{ if plimsoll_child "$plimsoll_watchdog" "$$"; then kill -s USR1 "$plimsoll_watchdog"; else plimsoll_watch; fi; } 2>/dev/null\n';
}

/** What has been started meanwhile keeps the lock until it ends: so the file is closed, not unlocked. */
export function unlockFrame(nonce: string, token: number): string {
  return `{ exec 9>&-; trap - EXIT; plimsoll_unwatch; printf '${markerFormat(nonce)}unlocked ${String(token)}\\n'; } 2>/dev/null\n`;
}
