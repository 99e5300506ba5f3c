# A pass of a copy (copy-passes.ts). Of a final one `holds` is given.
# Arguments: live or final; rsync, cp or tar; rsync's option for times; KiB a second; `progress`, or how many bytes it
# will be; own, marked, anything or part; from; to; which ones those are.
# shellcheck disable=SC2154 # named by whoever renders or sources it: rsync_text

phase=$1 how=$2 times=$3 rate=$4 progress=$5 trust=$6 scratch=
. ../../facts/copies/copied.sh
. ../../facts/copies/inside.sh
cp_text=$(cat ./cp.sh)
tar_text=$(cat ./tar.sh)
compare_text=$(cat ../../facts/copies/compare.sh)
shift 6
from_is=$3 to_is=$4
. ../../shell/no.sh
. ./keep.sh
# The record is the marker and how the destination was left.
remember() {
  text=$(cat -- "$mine") && keep "$state/copied/$name" "${text%?},\"left\":\"$(state_of .)\"}"
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
      printf "   \r" }'
  done
}
copy() {
  ticker=
  if [ -n "$progress" ]; then
    tick &
    ticker=$!
  fi
  copy_all "$@"
  copied=$?
  # Its last line is brought to its end.
  if [ -n "$ticker" ]; then
    kill "$ticker"
    wait "$ticker"
    echo
  fi 2>/dev/null
  return "$copied"
}
copy_all() {
  case $how in
    rsync)
      case $removes in
        rest) set -- --delete "$@" ;;
        leftovers) set -- --delete '--filter=R .*.??????' '--filter=P *' "$@" ;;
      esac
      inside rw "$rsync_text" ${times:+"$times"} ${rate:+"--bwlimit=$rate"} ${own_progress:+"$own_progress"} "$@"
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
sync -f . || no "what was copied to $to could not be brought to its disk"
if [ "$phase" = final ]; then
  work=$(mktemp) || exit 1
  compare >"$work" 2>&1
  status=$?
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
