# A pass of a copy (copy-passes.ts). Of a final one `holds` is given.
# Arguments: live or final; rsync, cp or tar; rsync's option for times; KiB a second; own, marked, anything or part; from;
# to; which ones those are.
# shellcheck disable=SC2154 # named by whoever renders or sources it: rsync_text
# shellcheck disable=SC2034 # for what it sources: measure

phase=$1 how=$2 times=$3 rate=$4 trust=$5 scratch=
. ../../facts/copies/copied.sh
. ../../facts/copies/inside.sh
cp_text=$(cat ./cp.sh)
tar_text=$(cat ./tar.sh)
compare_text=$(cat ../../facts/copies/compare.sh)
shift 5
from_is=$3 to_is=$4
. ../../shell/no.sh
. ./keep.sh
# The record is the marker and how the destination was left.
remember() {
  text=$(cat -- "$mine") && keep "$state/copied/$name" "${text%?},\"left\":\"$(state_of .)\"}"
}
# What is older than any start of the host is compared by checksum next time.
doubt() { touch -d @0 -- "$mine"; }
# How much there is, and is left, is counted beside the copy: nobody waits for it. A copy leaves holes out, but for rsync,
# which reads them.
bytes_of() { du -sxB1 "$@" . | cut -f1; }
count() {
  [ -n "${PLIMSOLL_WORK-}" ] || return 0
  {
    there=$(bytes_of --apparent-size) && enter "$from" "$from_is" && all=$(bytes_of --apparent-size) && rest=$all || exit 1
    [ "$how" = rsync ] || rest=$(bytes_of)
    [ "$rest" -le "$all" ] || rest=$all
    amount "$all" "$((rest - there))"
  } >/dev/null 2>&1 &
}
copy() {
  measure="written copied rest"
  case $how in
    rsync)
      case $removes in
        rest) set -- --delete "$@" ;;
        leftovers) set -- --delete '--filter=R .*.??????' '--filter=P *' "$@" ;;
      esac
      inside rw "$rsync_text" ${times:+"$times"} ${rate:+"--bwlimit=$rate"} "$@"
      ;;
    # cp does not take from directories the set-group-ID bit that they inherit here. It gives this one its mode, too.
    cp) chmod 00700 . && inside rw "$cp_text" ;;
    tar) inside rw "$tar_text" ;;
  esac
}
compare() (
  scratch=$(mktemp -d) || exit 1
  trap 'rm -rf -- "$scratch"' EXIT
  trap 'exit 143' TERM INT HUP
  measure="read compared twice"
  case $how in rsync) set -- rsync ;; *) set -- manifest ;; esac
  inside ro "$compare_text" "$1" full "$times"
)
resolve "$1" "$2" || exit 1
case $to/ in "$from"/*) no "$to lies in $from" ;; esac
case $from/ in "$to"/*) no "$from lies in $to" ;; esac
find_own
checksum=
# What is removed: what the source does not have (`rest`), where all that is there is known; what rsync has left of
# files half copied (`leftovers`); or nothing. So what somebody else puts there is found by the comparison, and kept.
removes=
case $trust in marked | anything) removes=rest ;; esac
if ! occupied; then
  :
elif [ -n "$mine" ]; then
  case $(cat -- "$mine") in
    *'"found":"else"'*) [ "$trust" = anything ] || no "$to held something else before the copy was begun" ;;
  esac
  if [ -z "$removes" ] && as_left; then removes=rest; fi
  if [ -z "$removes" ]; then
    strange=$(strangers "$from" .) || no "$to holds something that is not in $from, or is newer than there: $strange"
    removes=leftovers
  fi
  [ "$(stat -c %Y -- "$mine")" -ge "$(sed -n 's/^btime //p' /proc/stat)" ] || checksum=--checksum
elif as_left; then
  # A complete copy is brought up to date: what was there is part of it.
  removes=rest
  mine=$state/copies/$name left=',"left":*' text=$(sed 's/"found":"nothing"/"found":"part"/' "$done")
  keep "$mine" "${text%$left}}"
elif [ "$trust" != anything ] && [ "$trust" != part ]; then
  no "$to is not empty, and what is there is no copy of $from that was begun"
fi
if [ -z "$mine" ]; then
  mine=$state/copies/$name found=nothing mode=$(stat -c %a .)
  while [ "${#mode}" -lt 4 ]; do mode=0$mode; done
  if occupied; then
    found=else
    [ "$trust" != part ] || found=part
  fi
  keep "$mine" "$key\"found\":\"$found\",\"owner\":\"$(stat -c %u:%g .)\",\"mode\":\"$mode\"}"
fi
[ -z "$done" ] || rm -f -- "$done"
if [ "$how" != rsync ] && [ -n "$removes" ] && occupied; then
  find . -xdev -mindepth 1 -delete || no "$to could not be emptied"
fi
count
copy $checksum
status=$?
# In a tree that is being changed, a file may vanish between its name and its attributes.
if [ "$phase$status" = live23 ]; then
  copy
  status=$?
fi
case $phase$status in
  live0 | live24 | final0) ;;
  final24) no "files have vanished from $from during the final pass: something still writes to it" ;;
  *) no "$how ended with status $status while copying $from to $to" ;;
esac
# While the disk still writes, the two sides are compared: what was copied just now is in memory. Comparing writes nothing
# there, and a copy counts (`remember`) only once both have ended well.
sync -f . &
bringing=$! work=
brought() {
  wait "$bringing" && return
  doubt
  [ -z "$work" ] || rm -f -- "$work"
  no "what was copied to $to could not be brought to its disk"
}
if [ "$phase" = live ]; then
  brought
else
  work=$(mktemp) || exit 1
  compare >"$work" 2>&1
  status=$?
  brought
  # Equal in size and time all the same: written through a memory map during the live pass.
  if [ "$status$how$removes" = 9rsyncrest ] && copy --checksum && sync -f .; then
    compare >"$work" 2>&1
    status=$?
  fi
  if [ "$status" = 0 ]; then
    holds >"$work" 2>&1
    status=$?
  fi
  if [ "$status" != 0 ]; then
    doubt
    cat -- "$work" >&2
    rm -f -- "$work"
    exit "$status"
  fi
  rm -f -- "$work"
fi
remember || exit 1
if [ "$phase" = live ]; then
  touch -- "$mine"
  exit
fi
rm -f -- "$mine" || no "$mine could not be removed"
