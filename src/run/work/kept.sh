# `kept FILE` keeps its input in a file as far as there may be of it, and reads the rest, so that who prints it goes on.
# It ends with its input, by no signal that the work is sent, and has the work's lock (8) until then. `kept_apart` is in
# no process group of the work's.
# shellcheck disable=SC2154 # named by whoever renders it: kept_blocks
# shellcheck disable=SC3045 # dash, bash and BusyBox have ulimit -c

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
  exec setsid tee -- "$1" >/dev/null 2>&1 9>&-
}
