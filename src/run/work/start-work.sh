# Everything that says what it is stands on the disk before it is begun. Nothing is begun twice: whoever begins it has the
# host's lock, and what has been begun has its script. Its status has its room from the start, should the disk be full by
# then. What it prints goes on being kept when the connection is gone, and when its process group is ended.
# It runs in a copy of the privileged shell, and waits for the end until USR1 says that it is enough.
# Arguments: run, name, intent (as a comment), script, the keeper's text, the secrets that it takes or an empty text.

enough=
trap 'enough=1' USR1
run=$PLIMSOLL_STATE/runs/$1 w=$PLIMSOLL_STATE/runs/$1/$2
. ./look.sh
. ./kept.sh
begin() {
  # It is begun or it is not; what is begun gets these signals again.
  trap '' HUP INT TERM
  new=
  [ -e "$run/.made" ] || { mkdir -p -- "$run" && new=1; } || return
  printf '%s\n%s\n' "$3" "$4" >"$w.script" && printf '%10s %10s %20s %36s %3s\n' '' '' '' '' '' >"$w.status" && sync "$w.script" "$run" ${new:+"$run/.." "$PLIMSOLL_STATE"} || {
    printf '' >"$w.script"
    return 1
  }
  [ -z "$new" ] || printf '' >"$run/.made"
  trap : HUP INT TERM
  if [ -n "$6" ]; then
    printf %s "$6" | setsid /bin/sh -c "$5" plimsoll "$w" secrets 2>/dev/null | kept_apart "$w.out" &
  else
    setsid /bin/sh -c "$5" plimsoll "$w" '' </dev/null 2>/dev/null | kept_apart "$w.out" &
  fi
}
if [ -s "$w.script" ]; then
  trap : HUP INT TERM
elif begin "$@"; then
  # It has the lock itself; what it leaves running must not keep it by way of this.
  exec 9>&-
  [ -n "$enough" ] || wait "$!"
else
  echo "$w cannot be written" >&2
  exit 71
fi
look 0 0
