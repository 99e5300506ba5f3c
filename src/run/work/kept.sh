# `kept FILE` keeps its input in a file as far as there may be of it, and reads the rest, so that who prints it goes on.
# It ends with its input, by no signal that the work is sent. `kept_apart` is for who is in no process group of the work's;
# it says in the work's status who it is.
# shellcheck disable=SC2154 # of whoever sources or renders it: w, kept_blocks
# shellcheck disable=SC3045 # dash, bash and BusyBox have ulimit -c

. ../../shell/myself.sh
bounded() {
  trap '' HUP INT TERM XFSZ
  ulimit -c 0
  ulimit -f $kept_blocks
}
kept() {
  bounded
  exec tee -- "$1" >/dev/null 2>&1 9>&-
}
kept_apart() {
  bounded
  myself
  printf '%s\n' "$self" >>"$w.status"
  exec tee -- "$1" >/dev/null 2>&1 9>&-
}
