import type { ExecAction } from '../change.ts';
import { shell } from '../../shell/shell.ts';

/**
 * Shell functions about volume `$1`, whose directory `volumes/NAME` is `$2` and, if it is the one that was
 * meant, has the inode and time of change `$3`. Who uses it is asked of Docker at the last moment: any
 * container, running or not, that mounts it by name, or binds a path in its directory, by whatever name.
 */
const functions = shell('operations/volumes/quarantine-scripts-functions.sh');

function script(first: string, body: string): string {
  return `# ${first}\n{\n${functions}\n${body}\n} </dev/null\n`;
}

const putScript = script(
  'Puts volume $1 into quarantine for $4 s, unless a container uses it by now (other than $5, if that is about to be removed). It stays where it is.',
  `except=\${5-}
[ -e "$directory" ] || done_with "$name is gone already"
is_it || no "$name is not the volume that was found: its directory has been made anew or changed since"
! users || done_with "$name stays: it is used by now, by $used"
now=$(date +%s) || exit 1
write_entry "$now" "$((now + $4))" false`,
);

const removeScript = script(
  'Removes volume $1 for good, unless a container uses it by now, or something has written to it since its quarantine began; then that lasts another $4 s.',
  `same
! users || { forget; done_with "$name stays: it is used by now, by $used"; }
now=$(date +%s) || exit 1
since=$now until=$now
case $5 in
ended)
  entry_says "\\"is\\":\\"$is\\"" || no "$name is not in quarantine any more"
  since=$(field since) until=$(field until)
  [ "$until" -le "$now" ] || no "$name is in quarantine for another $((until - now)) s"
  changed=$(find "$directory" -xdev -newercm "$entry" -print -quit) || no "it cannot be told whether something has written to $name"
  [ -z "$changed" ] || { write_entry "$now" "$((now + $4 + 1))" false; done_with "$name stays in quarantine: something has written to it since that began ($changed)"; }
  ;;
begun) entry_says '"removing":true' || no "$name was not being removed"; since=$(field since) until=$(field until) ;;
esac
# As it was, with its time, should Docker not remove it.
[ "$5" != ended ] || ln -f -- "$entry" "$was" || no "what becomes of $name cannot be written down on the host"
write_entry "$since" "$until" true
docker volume rm "$name" || {
  ! users || { forget; done_with "$name stays: it is used by now, by $used"; }
  # Of what is whole the removal has not begun.
  changed=$(find "$directory" -xdev -newercm "$entry" -print -quit) && [ -z "$changed" ] && case $5 in
  ended) mv -f -- "$was" "$entry" && sync -- "$state/quarantine" ;;
  now) forget ;;
  esac
  no "Docker does not remove $name"
}
! is_there && [ ! -e "$directory" ] || no "$name is still there, although Docker says that it has been removed"
forget`,
);

const releaseScript = script(
  'Takes volume $1 out of quarantine. It has been in its place all the time.',
  `[ -e "$entry" ] || exit 0
[ "$4" = forget ] || entry_says '"removing":false' || no "the removal of $name has begun: something of it may be gone"
entry_says "\\"is\\":\\"$is\\"" || done_with "what is in quarantine now is another volume $name"
forget`,
);

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
