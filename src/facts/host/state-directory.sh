# Goes into plimsoll's own directory on the host. Where there is none, nothing is in it: prints `end`, as whatever reads
# all of it does.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
[ -e "$state" ] || [ -L "$state" ] || {
  echo end
  exit 0
}
[ -d "$state" ] && cd -- "$state" || {
  echo "$state is no directory that can be entered"
  exit 4
}
