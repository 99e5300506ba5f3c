import type { Action, ExecAction } from '../change.ts';
import { daemonFunctions } from '../daemon/control.ts';
import { startFunctions } from '../volumes/copy-stopped.ts';

/** Arguments: each container that runs, its id and its start. Nothing else may run, and nothing runs afterwards. */
const stopScript = `# Stops the containers that are given with their starts, unless others run.
stop_all() {
${startFunctions}
ids= wanted=
while [ $# -gt 1 ]; do ids="$ids $1" wanted="$wanted $1 true $2"; shift 2; done
running=$(docker ps -q --no-trunc) || return 1
for id in $running; do case " $ids " in *" $id "*) ;; *) echo "container $id has been started since this was approved" >&2; return 1 ;; esac; done
[ -n "$ids" ] || return 0
[ "$(look $ids | tr '\\n' ' ')" = "\${wanted# } " ] || { echo "a container has been stopped or started since this was approved" >&2; return 1; }
docker stop $ids >/dev/null || { echo "the containers could not all be stopped" >&2; return 1; }
running=$(docker ps -q --no-trunc) || return 1
[ -z "$running" ] || { echo "a container runs after all have been stopped: $running" >&2; return 1; }
}
stop_all "$@" </dev/null
`;

/**
 * Argument: the pool. The socket first, or whoever asks Docker something starts the daemon again. With no
 * container running the daemon removes the pool, and with it the loop devices, when it stops; a pool that
 * stays is not made longer at the next start.
 */
const stopDaemonScript = `# Stops the Docker daemon, and waits until its pool $1 is gone.
systemctl stop docker.socket 2>/dev/null
systemctl stop docker.service || exit 1
case $(systemctl is-active docker.service) in inactive | failed) ;; *) echo "the Docker daemon has not stopped" >&2; exit 1 ;; esac
n=0
while :; do
  devices=$(dmsetup ls) || exit 1
  printf '%s\\n' "$devices" | cut -f1 | grep -Fxq -e "$1" || break
  [ "$n" -lt 30 ] || { echo "the thin pool $1 stays although the daemon has stopped: something else has a container's file system mounted" >&2; exit 1; }
  n=$((n + 1))
  sleep 1
done`;

const start = `${daemonFunctions}
start_daemon || { echo "the Docker daemon does not start: systemctl status docker" >&2; exit 1; }
answers || { echo "the Docker daemon does not answer: systemctl status docker" >&2; exit 1; }`;

/**
 * Argument: the record of what ran. The daemon answers and all of it runs: then it is forgotten. Without a
 * record there is nothing to do. It is not ended half way.
 */
const bringBackScript = `# Starts the Docker daemon and the containers that $1 names, and forgets them when they run.
trap '' TERM INT HUP
[ -f "$1" ] || exit 0
${startFunctions}${start}
start_all "$1" || exit 1
for id in $(named "$1"); do
  is=$(look "$id" 2>/dev/null) || continue
  case $is in *' true '*) ;; *) echo "container $id was started again, and has ended: docker logs $id" >&2; exit 1 ;; esac
done
rm -f -- "$1"`;

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
