# `look OUT ERR [SIZES]` prints the state of the work `$w`, and what it has printed from there on; how much that is, and is
# there, need not be said, without SIZES, of what has ended and has its output in the same look. It has ended when its status is there; what it
# has left running may keep open what it prints to, and is not waited for long. Without the host's lock file, which was
# there before any work, nothing is known: the records have been removed.
# Of what goes on it says how far that is, too, where it can be measured.
# shellcheck disable=SC2154 # of whoever sources or renders it: w, look_bytes; of what it sources: far, keeps, status

. ./standing.sh
. ./measured.sh
# Arguments: file, from which byte on, how many.
part_of() { if [ "$2" = 0 ]; then head -c "$3" -- "$1"; else tail -c "+$(($2 + 1))" -- "$1" | head -c "$3"; fi; }
look() {
  if [ ! -s "$w.script" ]; then
    if [ -e "$PLIMSOLL_STATE/lock" ]; then echo 'none 0 0 0 0 0'; else echo 'cut 0 0 0 0 0'; fi
    return
  fi
  # Whoever has ended has said how before.
  if lives; then
    state='running 0'
  else
    standing
    state="${status:+ended }${status:-cut 0}"
    n=0
    while alive $keeps && [ "$n" -lt 50 ]; do
      sleep 0.1
      n=$((n + 1))
    done
  fi
  out=0 err=0 o=0 e=0 far=
  [ "$state" != 'running 0' ] || measured
  if [ -n "${3-}" ] || [ "$state" = 'running 0' ]; then
    [ ! -s "$w.out" ] || out=$(($(wc -c <"$w.out")))
    [ ! -s "$w.err" ] || err=$(($(wc -c <"$w.err")))
    o=$((out - $1)) e=$((err - $2))
    [ "$o" -le $look_bytes ] || o=$look_bytes
    [ "$e" -le $look_bytes ] || e=$look_bytes
    printf '%s %s %s %s %s%s\n' "$state" "$o" "$e" "$out" "$err" "$far"
  else
    [ ! -s "$w.out" ] || o=$look_bytes
    [ ! -s "$w.err" ] || e=$look_bytes
    printf '%s - - - -\n' "$state"
  fi
  [ "$o" -le 0 ] || part_of "$w.out" "$1" "$o"
  [ "$e" -le 0 ] || part_of "$w.err" "$2" "$e" >&2
}
