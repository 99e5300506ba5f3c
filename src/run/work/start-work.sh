# Everything that says what it is stands on the disk before it is begun; nothing is begun twice: whoever begins it has
# its lock, and what has been begun has its script. Status and process group have their room from the start, should the
# disk be full by then. What it prints goes on being kept when the connection is gone, and when its process group is
# ended.
# Arguments: run, name, intent (as a comment), script, the keeper's text, whether there are secrets on standard input,
# seconds to wait for its end.
# shellcheck disable=SC2154 # named by whoever renders it: kept_blocks

run=$PLIMSOLL_STATE/runs/$1 w=$PLIMSOLL_STATE/runs/$1/$2
. ./look.sh
. ./kept.sh
begin() {
  # It is begun or it is not; what is begun gets these signals again.
  trap '' HUP INT TERM
  [ -e "$run/.made" ] || { mkdir -p -- "$run" && sync "$run/.." "$PLIMSOLL_STATE" && printf '' >"$run/.made"; } || return
  {
    # Somebody else begins it just now.
    flock -n 8 || {
      flock -w 2 -s 8
      [ -s "$w.script" ]
      return
    }
    [ ! -s "$w.script" ] || return 0
    printf '%s\n%s\n' "$3" "$4" >&8 && printf '%10s %3s\n' '' '' >"$w.status" && sync "$w.script" "$run" || {
      printf '' >"$w.script"
      return 1
    }
    trap - HUP INT TERM
    setsid /bin/sh -c "$5" plimsoll "$w" "$6" <&5 5<&- 2>/dev/null | kept_apart "$w.out" 5<&- &
  } 8>>"$w.script"
}
exec 5<&0
[ -s "$w.script" ] || begin "$@" || {
  echo "$w cannot be written" >&2
  exit 71
}
trap - HUP INT TERM
look 0 0 "$7"
