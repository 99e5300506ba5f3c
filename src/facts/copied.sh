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
as_left() { [ -n "$done" ] && case $(cat -- "$done") in *"\"left\":\"$(state_of .)\"}") true ;; *) false ;; esac; }
occupied() { [ -n "$(find . -xdev -mindepth 1 -print -quit)" ]; }
. ./strangers.sh
