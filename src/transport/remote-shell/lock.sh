# How the remote shell takes and keeps the host's lock. What has to be so before it opens the file itself comes first: a
# redirection that fails would end it, and the connection with it. Files that others could replace would let them run
# programs as us.
# `plimsoll_say TOKEN` sends its input, hexadecimal bytes, in markers: each is one short write, so the output of
# commands cannot come between.
# `plimsoll_watch` starts the watchdog: without USR1 for the given time it ends the shell. It keeps neither the lock nor
# the channel open, and is ended by the shell's own end.
# `plimsoll_lock TOKEN HOLDER` tries once to take the lock, and reports.
# Named by whoever renders it: plimsoll_mark, plimsoll_patience, plimsoll_longest_said, plimsoll_write_seconds.
# shellcheck disable=SC2154 # these
# shellcheck disable=SC2059 # the mark is the beginning of a format

plimsoll_say() { while read -r plimsoll_bytes; do printf "${plimsoll_mark}said %s %s\n" "$1" "$plimsoll_bytes"; done; }
plimsoll_watch() {
  trap '' USR1
  (
    trap 'plimsoll_beat=1' USR1
    trap 'kill "$!"; exit' TERM
    while :; do
      plimsoll_beat=
      sleep $plimsoll_patience &
      wait "$!" || kill "$!"
      if [ -z "$plimsoll_beat" ]; then break; fi
    done
    if plimsoll_child self "$$"; then kill -s KILL "$$"; fi
  ) </dev/null >/dev/null 2>/dev/null 9>&- &
  plimsoll_watchdog=$!
  trap - USR1
}
plimsoll_unwatch() {
  if plimsoll_child "$plimsoll_watchdog" "$$"; then kill -s TERM "$plimsoll_watchdog"; fi
  plimsoll_watchdog=
}
plimsoll_lock() {
  plimsoll_text=$(
    exec </dev/null 2>&1
    command -v flock >/dev/null || exit 3
    case $PLIMSOLL_STATE in
      /*) ;;
      *)
        echo "$PLIMSOLL_STATE is not an absolute path"
        exit 4
        ;;
    esac
    [ -d "$PLIMSOLL_STATE" ] || mkdir -p -- "$PLIMSOLL_STATE" || exit 4
    [ -O "$PLIMSOLL_STATE" ] || {
      echo "$PLIMSOLL_STATE belongs to another user"
      exit 4
    }
    case $(ls -ldn -- "$PLIMSOLL_STATE/.") in
      d????-??-*) ;;
      *)
        echo "$PLIMSOLL_STATE can be written by other users"
        exit 4
        ;;
    esac
    [ ! -e "$PLIMSOLL_STATE/lock" ] || [ -f "$PLIMSOLL_STATE/lock" ] || {
      echo "$PLIMSOLL_STATE/lock is not a regular file"
      exit 4
    }
    exec 9<>"$PLIMSOLL_STATE/lock"
  )
  plimsoll_status=$?
  if [ "$plimsoll_status" -eq 0 ]; then
    exec 9<>"$PLIMSOLL_STATE/lock"
    plimsoll_text=$(flock -n 9 </dev/null 2>&1) || plimsoll_status=1
  fi
  if [ "$plimsoll_status" -eq 0 ]; then
    printf '%s\n' "$2" >"$PLIMSOLL_STATE/lock"
    plimsoll_watch
    trap 'plimsoll_unwatch
plimsoll_enough' EXIT
    printf "${plimsoll_mark}lock %s taken\n" "$1"
    return
  fi
  exec 9>&-
  if [ "$plimsoll_status" -eq 1 ] && [ -z "$plimsoll_text" ]; then
    {
      sleep $plimsoll_write_seconds
      od -An -v -tx1 -N $plimsoll_longest_said "$PLIMSOLL_STATE/lock" | plimsoll_say "$1"
      printf "${plimsoll_mark}lock %s busy\n" "$1"
    } </dev/null &
  elif [ "$plimsoll_status" -eq 3 ]; then
    printf "${plimsoll_mark}lock %s no-flock\n" "$1"
  else
    printf %s "$plimsoll_text" | od -An -v -tx1 -N $plimsoll_longest_said | plimsoll_say "$1"
    printf "${plimsoll_mark}lock %s refused\n" "$1"
  fi
}
