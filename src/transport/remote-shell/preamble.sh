# What a remote shell is told first, once. `PLIMSOLL_STATE` is set before.
# `plimsoll_run INDEX PROGRAM` runs one command in a session of its own. The program travels through a pipe that the
# printf builtin fills: no argument list, no environment, no file, no limit in size.
# `plimsoll_share INDEXES PROGRAM` runs several in one session, and its program reports their ends; the report at its
# own end is for those that it did not come to.
# `plimsoll_forked INDEX SCRIPT ARGUMENT…` runs one in the copy of the shell that calls it, and ends that.
# `plimsoll_child PID PARENT` tells whether a process is (still) a child of another; no number is ever signalled that
# could have been given to a stranger meanwhile. `plimsoll_enough` tells the copy, if there is one, to wait no longer.
# `plimsoll_alive GROUP` tells whether a process group has members that are not zombies.
# `plimsoll_end GROUP` ends a process group and reports whether it is gone.
# At its end it says that the shell is ready.
# Named by whoever renders it: plimsoll_mark, plimsoll_terminate_tenths, plimsoll_kill_tenths.
# shellcheck disable=SC2154 # these
# shellcheck disable=SC2034 # of the frames that follow: plimsoll_flight
# shellcheck disable=SC2059 # the mark is the beginning of a format

plimsoll_run() {
  if [ -n "$plimsoll_stop" ]; then
    printf "${plimsoll_mark}skip %s\n" "$1"
    printf "${plimsoll_mark}skip %s\n" "$1" >&2
    return
  fi
  printf '%s' "$2" | setsid /bin/sh
  printf "${plimsoll_mark}end %s %s\n" "$1" "$?"
  printf "${plimsoll_mark}end %s\n" "$1" >&2
}
plimsoll_share() {
  if [ -z "$plimsoll_stop" ]; then printf '%s' "$2" | setsid /bin/sh; fi
  for i in $1; do
    printf "${plimsoll_mark}skip %s\n" "$i"
    printf "${plimsoll_mark}skip %s\n" "$i" >&2
  done
}
plimsoll_forked() {
  plimsoll_index=$1 plimsoll_script=$2
  shift 2
  if [ -n "$plimsoll_stop" ]; then
    plimsoll_share "$plimsoll_index" ''
    exit
  fi
  printf "${plimsoll_mark}start %s 0\n" "$plimsoll_index" || exit 125
  trap 'plimsoll_status=$?
printf "${plimsoll_mark}end %s %s\n" "$plimsoll_index" "$plimsoll_status"
printf "${plimsoll_mark}end %s\n" "$plimsoll_index" >&2' EXIT
  eval "$plimsoll_script"
  exit
}
plimsoll_child() { read -r plimsoll_stat 2>/dev/null <"/proc/$1/stat" && set -- "$2" ${plimsoll_stat##*") "} && [ "$3" = "$1" ]; }
plimsoll_enough() { if plimsoll_child "$plimsoll_copy" "$$"; then kill -s USR1 "$plimsoll_copy"; fi; }
plimsoll_alive() { grep -qsE "[)] [^ZX] [0-9]+ $1 " /proc/[0-9]*/stat; }
plimsoll_end() {
  {
    kill -TERM "-$1"
    n=0
    while plimsoll_alive "$1" && [ "$n" -lt $plimsoll_terminate_tenths ]; do
      sleep 0.1
      n=$((n + 1))
    done
    if plimsoll_alive "$1"; then
      kill -KILL "-$1"
      n=0
      while plimsoll_alive "$1" && [ "$n" -lt $plimsoll_kill_tenths ]; do
        sleep 0.1
        n=$((n + 1))
      done
    fi
    if plimsoll_alive "$1"; then printf "${plimsoll_mark}alive %s\n" "$1"; else printf "${plimsoll_mark}gone %s\n" "$1"; fi
  } </dev/null 2>/dev/null 9>&- &
}
plimsoll_stop=
plimsoll_flight=
plimsoll_copy=
printf "${plimsoll_mark}ready\n"
