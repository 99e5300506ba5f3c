import { quote } from '../../values/shell.ts';
import type { ExecAction } from '../change.ts';
import { forgetCopies } from './copy-passes.ts';
import { shell } from '../../shell/shell.ts';

/** `left_state DIRECTORY` changes whenever anything in it does, but not when Docker sets the directory's own project anew. */
export const leftFunctions = shell('operations/volumes/left.sh');

/** The body of a shell function: remembers how a volume's content is left, once nothing uses it any more. */
export function rememberLeft(name: string, directory: string): string {
  return `( set -- ${quote(name)} ${quote(directory)}
${leftFunctions}
mkdir -p -m 700 -- "$left" && left_state "$2" >"$left/.$1" && sync -- "$left/.$1" && mv -f -- "$left/.$1" "$left/$1" && sync -- "$left"
) </dev/null`;
}

/** \`is_there NAME\`: 0 or 1; the shell ends when Docker cannot be asked. */
const isThere = shell('operations/volumes/remove-volume-is-there.sh');

/** Removes a volume whose content has been copied to `copiedTo`, if it is exactly as it was left then. Docker refuses while any container has it. */
export function removeLeft(name: string, directory: string, copiedTo: string): ExecAction {
  const script = `# Removes volume $1, if nothing in it has changed since its content was copied for the last time.
{
${leftFunctions}
${isThere}
forget() {
${forgetCopies(copiedTo)}
}
if is_there "$1"; then
  [ "$(docker volume inspect --format '{{.Mountpoint}}' "$1")" = "$2" ] || no "$1 lies somewhere else now: it is not the volume that was copied"
  [ -f "$left/$1" ] || no "$1 is kept: how it was left is not known"
  [ "$(left_state "$2")" = "$(cat -- "$left/$1")" ] || no "$1 is kept: something has written to it since it was copied"
  docker volume rm "$1" >/dev/null || exit 1
fi
rm -f -- "$left/$1" && forget || exit 1
} </dev/null
`;
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', name, directory], stdin: script, timeoutMs: 3_600_000 };
}

/** Removes a volume that we have made, if it is that one still: `identity` is what `format` prints of it. A container with the label belongs to its making. */
export function removeMade(name: string, directory: string, label: string, format: string, identity: string): ExecAction {
  const script = `# Removes volume $1, if it is the one that was made. Docker refuses while any container has it.
{
${isThere}
forget() {
${forgetCopies(directory)}
}
if is_there "$1"; then
  is=$(docker volume inspect --format "$3" "$1") || exit 1
  [ "$is" = "$4" ] || no "$1 is not the volume that was made: $is"
  for id in $(docker ps -aq --no-trunc --filter "label=$2=$1"); do docker rm -f "$id" >/dev/null; done
  docker volume rm "$1" >/dev/null || exit 1
fi
forget || exit 1
} </dev/null
`;
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', name, label, format, identity], stdin: script, timeoutMs: 120_000 };
}
