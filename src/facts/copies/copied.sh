# Functions about copies from one directory to another.
#
# A copy is known by what its marker (begun-copy.ts) begins with: source, destination, and the destination's inode and
# time of birth. `copies/` has the markers of those that are begun; `copied/` has for each destination the marker and
# how a pass has left it: the newest change of anything in it, and when a name was last added to or removed from the
# directory itself (not the directory's own change time: Docker sets the quota project of a volume's directory anew).
#
# `resolve FROM TO` (or, where the source is elsewhere, `copy_of NAME TO`), then `find_own`, then the others. The
# shell is in the destination from then on; `$from_is` and `$to_is` are which directories the two have to be, and are,
# as `enter` takes it.
# shellcheck disable=SC2034 # for whoever sources it: mine, name

set +efu
from_is='' to_is=
. ./enter.sh
state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
. ./json.sh
copy_of() {
  from=$1
  enter "$2" "$to_is" || return 1
  to=$(pwd -P) to_is=${is%:*} born=${is##*:}
  key="{\"from\":\"$(json "$from")\",\"to\":\"$(json "$to")\",\"inode\":\"${to_is#*:}\",\"born\":$born,"
  name=${to_is%:*}-${to_is#*:}
}
resolve() {
  enter "$1" "$from_is" || return 1
  from_is=${is%:*}
  copy_of "$(pwd -P)" "$2"
}
find_own() {
  mine='' done=
  for at in "$state"/copies/*; do
    [ -f "$at" ] || continue
    case $(cat -- "$at") in "$key"*) mine=$at ;; esac
  done
  for at in "$state"/copied/*; do
    [ -f "$at" ] || continue
    case $(cat -- "$at") in "$key"*) done=$at ;; esac
  done
}
. ./state-of.sh
as_left() { [ -n "$done" ] && case $(cat -- "$done") in *"\"left\":\"$(state_of .)\"}") true ;; *) false ;; esac }
occupied() { [ -n "$(find . -xdev -mindepth 1 -print -quit)" ]; }
. ./strangers.sh
