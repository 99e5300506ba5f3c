# Runs a piece of work, and keeps what it prints and how it ends; standard output is where that is kept (kept.sh).
# Arguments: what its files are called, and whether there are secrets: they come by standard input, and reach the script
# on descriptor 3, so that they are in no file. 8 is the work's lock, 9 the host's; what the script leaves running has
# neither.
# shellcheck disable=SC2154 # named by whoever renders it: kept_blocks

w=$1
. ./kept.sh
trap '' HUP INT TERM
exec 4>&1
if [ -n "$2" ]; then exec 3<&0; fi
{
  trap : HUP INT TERM
  printf '%10d    \n' "$$" 1<>"$w.status"
  /bin/sh "$w.script" </dev/null 8>&-
  status=$?
  trap '' HUP INT TERM
  exec >/dev/null 2>&1
  printf '%10d %3d\n' "$$" "$status" 1<>"$w.status" && sync "$w.status"
} 2>&1 >&4 4>&- | kept "$w.err" 4>&- &
