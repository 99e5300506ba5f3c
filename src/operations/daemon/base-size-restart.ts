import type { ExecAction } from '../change.ts';
import { daemonFunctions } from './control.ts';

const functions = `base() { sed -n 's/.*"size":\\([0-9]*\\).*/\\1/p' "$root/devicemapper/metadata/base"; }
${daemonFunctions}`;

/** Arguments: Docker's root, the wanted bytes, then each running container: its id and its start. */
const restartScript = `root=$1 wanted=$2; shift 2
${functions}
restart_daemon || { echo "the daemon does not start with it" >&2; exit 1; }
answers || { echo "the daemon does not answer" >&2; exit 1; }
[ "$(base)" = "$wanted" ] || { echo "the base device is $(base) bytes" >&2; exit 1; }
while [ $# -gt 1 ]; do
  [ "$(docker inspect --type container --format '{{.State.Running}} {{.State.StartedAt}}' -- "$1")" = "true $2" ] || { echo "container $1 did not go on running" >&2; exit 1; }
  shift 2
done
exit 0`;

/**
 * Arguments: Docker's root, the bytes of the base device before, the file, and the copy of the old one or an
 * empty text. A base device that has grown stays so, and with the old size in the file the daemon would not
 * start: then the new file stays.
 */
const returnScript = `root=$1 before=$2 file=$3 backup=$4
${functions}
if [ "$(base)" = "$before" ]; then
  if [ -n "$backup" ]; then cp -p -- "$backup" "$file.plimsoll" && mv -f -- "$file.plimsoll" "$file"; else rm -f -- "$file"; fi
  sync "\${file%/*}"
fi
docker version --format '{{.Server.Version}}' >/dev/null 2>&1 && [ "$(base)" != "$before" ] && exit 0
restart_daemon && answers`;

export interface BaseSizeRestart {
  readonly root: string;
  readonly path: string;
  readonly before: number;
  readonly wanted: number;
  /** The copy of the file as it was; empty when there was none, undefined when the file is not changed. */
  readonly backup: string | undefined;
  readonly running: readonly { readonly id: string; readonly startedAt: string }[];
}

/** Restarts the daemon, and holds it to what is wanted; on any failure it goes back to the old file. */
export function restartForBaseSize({ root, path, before, wanted, backup, running }: BaseSizeRestart): ExecAction {
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-c', restartScript, 'sh', root, String(wanted), ...running.flatMap(({ id, startedAt }) => [id, startedAt])],
    ...(backup === undefined ? {} : { onFailure: [['/bin/sh', '-c', returnScript, 'sh', root, String(before), path, backup]] }),
    timeoutMs: 600_000,
  };
}
