import type { Action, CheckAction, ExecAction } from '../change.ts';
import { daemonFunctions } from './control.ts';

const functions = `driver() { docker info --format '{{.Driver}}'; }
${daemonFunctions}`;

/**
 * Arguments: the file, the wanted driver, then the containers that run. dockerd has --validate since
 * release 23; without it a file that it does not understand is found out when it starts.
 */
const switchScript = `file=$1 wanted=$2; shift 2
${functions}
if dockerd --help 2>/dev/null | grep -q -e --validate; then dockerd --validate --config-file "$file" >/dev/null || { echo "dockerd does not take the new $file" >&2; exit 1; }; fi
[ $# -eq 0 ] || docker stop -- "$@" >/dev/null || { echo "the containers could not be stopped" >&2; exit 1; }
running=$(docker ps -q) || exit 1
[ -z "$running" ] || { echo "other containers have been started meanwhile:" $running >&2; exit 1; }
restart_daemon || { echo "the daemon does not start with $wanted" >&2; exit 1; }
answers || { echo "the daemon does not answer with $wanted" >&2; exit 1; }
[ "$(driver)" = "$wanted" ] || { echo "the daemon has started with $(driver) instead of $wanted" >&2; exit 1; }`;

/**
 * Arguments: the file; what it is to be again: the path of a copy, \`absent\`, or \`done\`, where it is that
 * already; the driver to go back to; then the containers that ran, in their order.
 */
const returnScript = `file=$1 copy=$2 old=$3; shift 3
${functions}
case $copy in
  done) ;;
  absent) rm -f -- "$file" && { rmdir -- "\${file%/*}" 2>/dev/null || :; } || exit 1 ;;
  *) cp -p -- "$copy" "$file.plimsoll" && sync "$file.plimsoll" && mv -f -- "$file.plimsoll" "$file" || exit 1 ;;
esac
sync "\${file%/*}" 2>/dev/null
now=$(driver)
if [ "$now" != "$old" ]; then
  [ -z "$now" ] || { started=$(docker ps -q); [ -z "$started" ] || docker stop -- $started >/dev/null || exit 1; }
  restart_daemon && answers || { echo "the daemon does not start with $old" >&2; exit 1; }
  [ "$(driver)" = "$old" ] || { echo "the daemon has started with $(driver) instead of $old" >&2; exit 1; }
fi
[ $# -eq 0 ] || docker start -- "$@" >/dev/null || { echo "not every container has started again" >&2; exit 1; }`;

/**
 * Arguments: the driver to go back to, and how many containers the new one had before. A daemon that does not run has
 * none; of one that runs and gives no answer it is not known. What is printed is compared, so errors are asked for by themselves.
 */
const madeScript = `unknown() { echo "it is not known: $*"; exit 0; }
driver() { docker info --format '{{.Driver}}'; }
is=$(driver 2>/dev/null) && [ -n "$is" ] || {
  case $(systemctl is-active docker.service 2>/dev/null) in inactive | failed) echo none; exit 0 ;; esac
  unknown "docker info tells no driver, although the daemon has not ended: $(driver 2>&1)"
}
[ "$is" != "$1" ] || { echo none; exit 0; }
all=$(docker ps -aq 2>/dev/null) || unknown "docker ps fails: $(docker ps -aq 2>&1)"
made=$(printf '%s\\n' "$all" | grep -c .)
if [ "$made" -le "$2" ]; then echo none; else echo "$made"; fi`;

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
