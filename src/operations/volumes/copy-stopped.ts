import { enterFunction } from '../../facts/entered-directory.ts';
import type { Directory } from '../copy-start.ts';
import type { Action, ExecAction } from '../change.ts';
import { longestCopyMs } from '../time-limits.ts';
import { shell } from '../../shell/shell.ts';

/**
 * `named FILE` prints the ids of the containers that it names: they stand in their list and nowhere else, since a
 * path may look like one, as that of a volume without a name does. `start_again FILE` starts these, or lets them go on, in
 * its order, and forgets them when all of them have been; `start_all FILE` does not forget.
 */
export const startFunctions = `${shell('operations/volumes/copy-stopped-start.sh')}\n`;

/** Starts what a copy or a backup has stopped and not started again. Nothing to do is success. */
export function startAgain(file: string): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', file], stdin: `# Starts the containers that $1 names.\n{ ${startFunctions}start_again "$1"\n} </dev/null\n`, timeoutMs: 600_000 };
}

/**
 * Stops containers, makes the final pass, and starts them again whatever has become of it, also when it
 * is ended. `file` names them already. Both directories must still be the ones that were planned for:
 * what was mounted for a container goes with it. A container that somebody (or a restarted daemon) has
 * started meanwhile takes the copy its worth.
 */
export function copyWhileStopped(file: string, source: Directory, target: Directory, pass: (stillHolds: string) => string): Action {
  const script = `# Stops the containers that $1 names, makes the final pass from $2 to $4, and starts them again whatever becomes of it.
stop_and_copy() {
${startFunctions}${enterFunction}file=$1
ids=$(named "$file") || return 1
still_stopped() { [ "$(look $ids)" = "$stopped" ] || { echo "a container has been started during the final pass" >&2; return 1; }; }
end() { status=$?; trap - EXIT; trap '' TERM INT HUP; start_again "$file" || [ "$status" != 0 ] || status=1; exit "$status"; }
trap end EXIT
trap 'exit 143' TERM INT HUP
docker stop $ids >/dev/null || { echo "the containers could not all be stopped" >&2; exit 1; }
stopped=$(look $ids) || exit 1
case $stopped in *' true '*) echo "a container goes on running after docker stop: $stopped" >&2; exit 1 ;; esac
(enter "$2" "$3" && enter "$4" "$5") || exit 1
${pass('still_stopped')}
}
stop_and_copy "$@" </dev/null
`;
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', file, source.path, source.identity, target.path, target.identity], stdin: script, timeoutMs: longestCopyMs };
}
