# Everything that says what it is stands on the disk before it is begun; nothing is begun twice. Status and process
# group have their room from the start, should the disk be full by then.
# Arguments: run, name, intent, script, the keeper's text, whether there are secrets on standard input, seconds to wait
# for its end.

d=$PLIMSOLL_STATE/runs/$1/$2
. ./look.sh
begin() {
  mkdir -p -- "$d" && exec 7>>"$d/.begin" && flock 7 || return
  [ ! -e "$d/alive" ] || return 0
  printf '%s\n' "$3" >"$d/intent" && printf '%s\n' "$4" >"$d/script" && printf '   \n' >"$d/.status" && printf '          \n' >"$d/pid" || return
  rm -f "$d/.o" "$d/.e" && mkfifo "$d/.o" "$d/.e" && : >"$d/.kept" || return
  sync "$d/intent" "$d/script" "$d/.status" "$d/pid" "$d" "$d/.." "$d/../.." "$PLIMSOLL_STATE" || return
  exec 8>"$d/.alive" && flock -n 8 || return
  exec 5<&0
  setsid /bin/sh -c "$5" plimsoll "$d" "$6" <&5 5<&- >/dev/null 2>&1 &
}
if [ ! -e "$d/alive" ]; then
  ( begin "$@" ) && flock "$d/.begin" true && [ -e "$d/alive" ] || { echo "$d cannot be written" >&2; exit 71; }
fi
look 0 0 "$7"
