# `look OUT ERR SECONDS` prints the state of the work in `$d`, and what it has printed from there on; it waits so long
# for its end.
# Its state is read before what it has printed, so that all of that is there once it has ended. Without the lock file,
# which was there before any work, nothing is known: the records have been removed.
# shellcheck disable=SC2154 # named by whoever renders or sources it: d, look_bytes

look() {
  if [ ! -e "$d/alive" ]; then
    if [ -e "$PLIMSOLL_STATE/lock" ]; then echo 'none 0 0 0 0 0'; else echo 'cut 0 0 0 0 0'; fi
    return
  fi
  [ -e "$d/status" ] || [ "$3" = 0 ] || flock -w "$3" -s "$d/alive" true
  state='running 0'
  if [ ! -e "$d/status" ] && flock -n -s "$d/alive" true; then state='cut 0'; fi
  if [ -e "$d/status" ]; then read -r s <"$d/status"; state="ended $s"; fi
  out=0 err=0
  [ ! -e "$d/out" ] || out=$(($(wc -c <"$d/out")))
  [ ! -e "$d/err" ] || err=$(($(wc -c <"$d/err")))
  o=$((out - $1)) e=$((err - $2))
  [ "$o" -le $look_bytes ] || o=$look_bytes
  [ "$e" -le $look_bytes ] || e=$look_bytes
  printf '%s %s %s %s %s\n' "$state" "$o" "$e" "$out" "$err"
  [ "$o" -le 0 ] || tail -c "+$(($1 + 1))" "$d/out" | head -c "$o"
  [ "$e" -le 0 ] || tail -c "+$(($2 + 1))" "$d/err" | head -c "$e" >&2
}
