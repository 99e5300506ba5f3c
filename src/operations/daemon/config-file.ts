import { writeBesideFunctions } from '../../values/write-beside.ts';
import type { Change, ExecAction, WriteFileAction } from '../change.ts';

/** A package of Docker need not make the directory of daemon.json. */
export function writeConfigFile(write: WriteFileAction): readonly (ExecAction | WriteFileAction)[] {
  return write.expect === null ? [{ kind: 'exec', argv: ['mkdir', '-p', '-m', '0755', '--', write.path.slice(0, write.path.lastIndexOf('/'))] }, write] : [write];
}

/**
 * Arguments: the file, and the copy of the old one, or an empty text where there was none. Standard input:
 * what was written. May be run again; what somebody else has written since is not touched.
 */
const takeBackScript = `${writeBesideFunctions}
file=$1 backup=$2
written=$(cat && echo .) now=$(cat -- "$file" 2>/dev/null && echo .)
if [ "$now" != "$written" ]; then
  [ -e "$file" ] || exit 0
  if [ -n "$backup" ]; then [ ! -f "$backup" ] || cmp -s -- "$backup" "$file"; else false; fi && exit 0
  echo "$file has been changed since" >&2; exit 1
fi
if [ -z "$backup" ]; then rm -f -- "$file"; rmdir -- "\${file%/*}" 2>/dev/null || sync "\${file%/*}"; exit; fi
read_beside "$backup" | write_beside "$file" "$(stat -c %a -- "$backup")" "$(stat -c %u:%g -- "$backup")" "$(sha256sum <"$backup" | cut -d' ' -f1)"`;

/** The file is what it was before that: with its old content; or not there, nor its directory if that is empty. */
export function takeBackConfigFile({ path, content, backup = '' }: WriteFileAction): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-c', takeBackScript, 'sh', path, backup], stdin: content };
}

/** The copy of the old file, which is kept until then. */
export function finalizeConfigFile(backup: string | undefined): Pick<Change, 'finalize'> {
  return backup === undefined ? {} : { finalize: [{ kind: 'exec', argv: ['rm', '-f', '--', backup] }] };
}
