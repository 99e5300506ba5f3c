# Runs a piece of work, and keeps what it prints and how it ends; standard output is where that is kept (kept.sh).
# Arguments: what its files are called, and whether there are secrets: they come by standard input, and reach the script
# on descriptor 3, so that they are in no file. 9 is the host's lock; what the script leaves running has it not.
# What it runs may write beside them how far it is (facts/copies/noted.sh).
# It ends last, so that all that was printed is kept once standard output has ended, too.
# shellcheck disable=SC2154 # of what it sources: self

w=$1
. ./kept.sh
trap '' HUP INT TERM
exec 4>&1
if [ -n "$2" ]; then exec 3<&0; fi
{
  trap : HUP INT TERM
  myself
  printf '%10d %10d %20s %36s    \n' "$$" $self 1<>"$w.status"
  PLIMSOLL_WORK=$w /bin/sh "$w.script" </dev/null
  status=$?
  trap '' HUP INT TERM
  exec >/dev/null 2>&1
  printf '%10d %10d %20s %36s %3d\n' "$$" $self "$status" 1<>"$w.status" && exec sync "$w.status"
} 2>&1 >&4 4>&- | kept "$w.err" 4>&- &
exec 9>&- 3<&-
wait
