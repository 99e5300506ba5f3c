import { copiedFunctions, jsonFunction } from '../../facts/copied-record.ts';
import { compareText } from '../../facts/directory-copy.ts';
import type { Entered } from '../../facts/entered-directory.ts';
import { insideFunctions } from '../../facts/entered-directory.ts';
import { quote } from '../../values/shell.ts';
import { parseBytes } from '../../values/size.ts';
import type { Action } from '../change.ts';
import type { CopyMethod } from '../copy-method.ts';
import { cpText, rsyncOptions, tarText, timesOption } from '../copy-method.ts';
import { longestCopyMs } from '../time-limits.ts';
import { shell } from '../../shell/shell.ts';

export interface PassOptions {
  /** Bytes a second at most, as the operator wrote it. Only rsync can. */
  readonly bwlimit?: string | undefined;
  /** rsync's own progress on standard output: bytes, rate and time left, a line for each file at least. */
  readonly progress?: boolean;
  /** About how many bytes there are to copy: progress by what the destination's file system fills up with, every five seconds, whatever the method and however many files. */
  readonly total?: number;
  /**
   * Nobody else can have written to the destination since the copy was begun (a volume made for it that
   * nothing uses): what is there and not in the source is taken for what the source has deleted since.
   */
  readonly exclusive?: boolean;
  /** Whatever the destination holds is replaced and removed. */
  readonly replaces?: boolean;
  /** Final pass: shell text that must succeed after the verification, or the copy does not count (what was stopped is still so). */
  readonly stillHolds?: string;
}

/**
 * The pass that is made while containers run: what changes under it is left to the final pass. It
 * leaves the marker (facts/begun-copy.ts), so that a copy which was cut is gone on with, and is taken by
 * nobody for a whole one. Empty for cp and tar: only rsync can go on from what is there already.
 *
 * `from` and `to` are directories; neither has to exist while this is planned (`toBeMade`). The pass is made of no others.
 */
export function livePass(method: CopyMethod, from: Entered, to: Entered, options: PassOptions): readonly Action[] {
  if (method.kind !== 'rsync') return [];
  const argv = ['/bin/sh', '-s', '--', ...passArguments('live', method, from, to, options)];
  return [{ kind: 'exec', argv, stdin: `# Copies what is there now; the final pass completes it.\n{ ${passScript}\n} </dev/null\n`, timeoutMs: longestCopyMs }];
}

/**
 * The pass after which the destination is the same as the source: nothing may write to either while it
 * runs. Text of a POSIX shell function's body (a subshell of its own: it changes no variable, option or
 * trap of the caller's), which ends with another status than 0 and its reason on standard error when
 * the two differ, when it could not copy, or when the destination holds anything but this very copy,
 * begun (by its marker) or complete (by `unchangedSinceCopy`). Files that differ although size and time
 * do not (written through a memory map) are found by the comparison by checksum and copied again, once.
 * After success the data is on the disk, the marker is gone, and how the destination was left is
 * remembered.
 */
export function finalPass(method: CopyMethod, from: Entered, to: Entered, options: PassOptions): string {
  return `( holds() { ${options.stillHolds ?? ':'}; }\nset -- ${passArguments('final', method, from, to, options).map(quote).join(' ')}\n${passScript}\n) </dev/null`;
}

/** Text of a shell function's body: succeeds when `to` is still exactly as a final pass of `from` has left it. */
export function unchangedSinceCopy(from: Entered, to: Entered): string {
  return `( set -- ${quote(from.path)} ${quote(to.path)}\n${copiedFunctions}from_is=${quote(from.identity)} to_is=${quote(to.identity)}
resolve "$1" "$2" && find_own && [ -z "$mine" ] && as_left && exit 0
printf '%s\\n' "$2 is not as the copy of $1 has left it: something has written to it since" >&2
exit 9
) </dev/null`;
}

/**
 * Text of a shell function's body: succeeds when `to` holds nothing but this copy: it is empty, as one
 * of its passes has left it, or of one that was cut, without anything that could not be had again.
 */
export function holdsOnlyCopy(from: Entered, to: Entered): string {
  return `( set -- ${quote(from.path)} ${quote(to.path)}\n${copiedFunctions}from_is=${quote(from.identity)} to_is=${quote(to.identity)}
resolve "$1" "$2" && find_own || exit 1
if ! occupied || as_left; then exit 0; fi
strange="something has written to it since"
if [ -n "$mine" ] && strange=$(strangers "$from" .); then exit 0; fi
printf '%s\\n' "$2 is left as it is: it holds more than the copy of $1: $strange" >&2
exit 9
) </dev/null`;
}

/** Text of a shell function's body: what is remembered of copies into `to` is forgotten, whether `to` is still there or not. */
export function forgetCopies(to: string): string {
  return `( set +efu
to=$(cd -P -- ${quote(to)} 2>/dev/null && pwd -P) || to=${quote(to)}
${jsonFunction}
words="\\"to\\":\\"$(json "$to")\\","
for at in "\${PLIMSOLL_STATE:-/var/lib/plimsoll}"/copies/* "\${PLIMSOLL_STATE:-/var/lib/plimsoll}"/copied/*; do
  [ -f "$at" ] || continue
  case $(cat -- "$at") in *"$words"*) rm -f -- "$at" || exit 1 ;; esac
done
) </dev/null`;
}

function passArguments(phase: 'live' | 'final', method: CopyMethod, from: Entered, to: Entered, { bwlimit, progress = false, total, exclusive = false, replaces = false }: PassOptions): readonly string[] {
  const trust = replaces ? 'anything' : exclusive ? 'marked' : 'own';
  const rate = bwlimit === undefined || method.kind !== 'rsync' ? '' : String(Math.floor(parseBytes(bwlimit) / 1024));
  const shows = progress && method.kind === 'rsync' && method.nanoseconds;
  return [phase, method.kind, timesOption(method), rate, total === undefined ? (shows ? 'progress' : '') : String(total), trust, from.path, to.path, from.identity, to.identity];
}

/** Text for the shell: a small file is on the disk, or nothing has happened. */
export const keepFunction = shell('operations/volumes/copy-passes-keep.sh');

/** Arguments: live or final; rsync, cp or tar; rsync's option for times; KiB a second; `progress`, or how many bytes it will be; own, marked or anything; from; to; which ones those are. */
const passScript = `phase=$1 how=$2 times=$3 rate=$4 progress=$5 trust=$6 scratch=
${copiedFunctions}
${insideFunctions}shift 6
from_is=$3 to_is=$4
no() { printf '%s\\n' "$*" >&2; exit 1; }
${keepFunction}
# The record is the marker and how the destination was left.
remember() {
  text=$(cat -- "$mine") && keep "$state/copied/$name" "\${text%?},\\"left\\":\\"$(state_of .)\\"}"
}
# What is older than any start of the host is compared by checksum next time.
doubt() { touch -d @0 -- "$mine"; }
own_progress=
[ "$progress" != progress ] || { own_progress=--info=progress2 progress=; }
used() { df -B1 --output=used . | tail -n 1; }
tick() {
  trap 'kill "$sleeper" 2>/dev/null; exit' TERM
  at_first=$(used) seconds=0
  while :; do
    sleep 5 &
    sleeper=$!
    wait "$sleeper"
    seconds=$((seconds + 5))
    echo "$seconds $at_first $(used) $progress" | awk '{
      mega = 1048576; done = $3 > $2 ? $3 - $2 : 0; rate = done / $1; left = $4 - done
      printf "%.1f MiB of about %.1f MiB, %.1f MiB/s", done / mega, $4 / mega, rate / mega
      if (rate > 0 && left > 0) printf ", about %d:%02d:%02d left", left / rate / 3600, left / rate / 60 % 60, left / rate % 60
      printf "   \\r" }'
  done
}
copy() {
  ticker=
  if [ -n "$progress" ]; then tick & ticker=$!; fi
  copy_all "$@"
  copied=$?
  # Its last line is brought to its end.
  if [ -n "$ticker" ]; then kill "$ticker"; wait "$ticker"; echo; fi 2>/dev/null
  return "$copied"
}
copy_all() {
  case $how in
    rsync) inside rw 'exec rsync ${rsyncOptions.join(' ')} --delete "$@" "$from/" "$to/"' \${times:+"$times"} \${rate:+"--bwlimit=$rate"} \${own_progress:+"$own_progress"} "$@" ;;
    # cp does not take from directories the set-group-ID bit that they inherit here. It gives this one its mode, too.
    cp) chmod 00700 . && inside rw ${quote(cpText)} ;;
    tar) inside rw ${quote(tarText)} ;;
  esac
}
compare() (
  scratch=$(mktemp -d) || exit 1
  trap 'rm -rf -- "$scratch"' EXIT
  trap 'exit 143' TERM INT HUP
  case $how in rsync) set -- rsync ;; *) set -- manifest ;; esac
  inside ro ${quote(compareText)} "$1" full "$times"
)
resolve "$1" "$2" || exit 1
case $to/ in "$from"/*) no "$to lies in $from" ;; esac
case $from/ in "$to"/*) no "$from lies in $to" ;; esac
find_own
checksum=
if ! occupied; then
  :
elif [ -n "$mine" ]; then
  case $(cat -- "$mine") in *'"found":"else"'*) [ "$trust" = anything ] || no "$to held something else before the copy was begun" ;; esac
  if [ "$trust" = own ] && ! as_left; then
    strange=$(strangers "$from" .) || no "$to holds something that is not in $from, or is newer than there: $strange"
  fi
  [ "$(stat -c %Y -- "$mine")" -ge "$(sed -n 's/^btime //p' /proc/stat)" ] || checksum=--checksum
elif as_left; then
  # A complete copy is brought up to date: what was there is part of it.
  mine=$state/copies/$name left=',"left":*' text=$(sed 's/"found":"nothing"/"found":"part"/' "$done")
  keep "$mine" "\${text%$left}}"
elif [ "$trust" != anything ]; then
  no "$to is not empty, and what is there is no copy of $from that was begun"
fi
if [ -z "$mine" ]; then
  mine=$state/copies/$name found=nothing mode=$(stat -c %a .)
  while [ "\${#mode}" -lt 4 ]; do mode=0$mode; done
  occupied && found=else
  keep "$mine" "$key\\"found\\":\\"$found\\",\\"owner\\":\\"$(stat -c %u:%g .)\\",\\"mode\\":\\"$mode\\"}"
fi
[ -z "$done" ] || rm -f -- "$done"
if [ "$how" != rsync ] && occupied; then find . -xdev -mindepth 1 -delete || no "$to could not be emptied"; fi
copy $checksum; status=$?
# In a tree that is being changed, a file may vanish between its name and its attributes.
if [ "$phase$status" = live23 ]; then copy; status=$?; fi
case $phase$status in
  live0|live24|final0) ;;
  final24) no "files have vanished from $from during the final pass: something still writes to it" ;;
  *) no "$how ended with status $status while copying $from to $to" ;;
esac
sync -f . || no "what was copied to $to could not be brought to its disk"
if [ "$phase" = final ]; then
  work=$(mktemp) || exit 1
  compare >"$work" 2>&1; status=$?
  # Equal in size and time all the same: written through a memory map during the live pass.
  if [ "$status$how" = 9rsync ] && copy --checksum && sync -f .; then compare >"$work" 2>&1; status=$?; fi
  if [ "$status" = 0 ]; then holds >"$work" 2>&1; status=$?; fi
  if [ "$status" != 0 ]; then doubt; cat -- "$work" >&2; rm -f -- "$work"; exit "$status"; fi
  rm -f -- "$work"
fi
remember || exit 1
if [ "$phase" = live ]; then touch -- "$mine"; exit; fi
rm -f -- "$mine" || no "$mine could not be removed"`;
