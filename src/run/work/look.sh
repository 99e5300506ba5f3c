# `look OUT ERR SECONDS` prints the state of the work `$w`, and what it has printed from there on; it waits so long for
# its end. It has ended when its status is there and nobody has its lock, so that all of what it has printed is there,
# too; what it has left running may keep that open, and is not waited for long. Without the host's lock file, which was
# there before any work, nothing is known: the records have been removed.
# shellcheck disable=SC2154 # of whoever sources or renders it: w, look_bytes

ended() {
  status=
  [ ! -e "$w.status" ] || read -r _ status <"$w.status"
  [ -n "$status" ]
}
# Arguments: file, from which byte on, how many.
part_of() { if [ "$2" = 0 ]; then head -c "$3" -- "$1"; else tail -c "+$(($2 + 1))" -- "$1" | head -c "$3"; fi; }
look() {
  if [ ! -s "$w.script" ]; then
    if [ -e "$PLIMSOLL_STATE/lock" ]; then echo 'none 0 0 0 0 0'; else echo 'cut 0 0 0 0 0'; fi
    return
  fi
  exec 8<"$w.script"
  gone=
  # Older ones know no wait of no time.
  if [ "$3" = 0 ]; then flock -n -s 8; else flock -w "$3" -s 8; fi && gone=yes
  if ended; then
    [ -n "$gone" ] || flock -w 5 -s 8
    state="ended $status"
  elif [ -n "$gone" ]; then
    state='cut 0'
  else
    state='running 0'
  fi
  exec 8<&-
  out=0 err=0
  [ ! -s "$w.out" ] || out=$(($(wc -c <"$w.out")))
  [ ! -s "$w.err" ] || err=$(($(wc -c <"$w.err")))
  o=$((out - $1)) e=$((err - $2))
  [ "$o" -le $look_bytes ] || o=$look_bytes
  [ "$e" -le $look_bytes ] || e=$look_bytes
  printf '%s %s %s %s %s\n' "$state" "$o" "$e" "$out" "$err"
  [ "$o" -le 0 ] || part_of "$w.out" "$1" "$o"
  [ "$e" -le 0 ] || part_of "$w.err" "$2" "$e" >&2
}
