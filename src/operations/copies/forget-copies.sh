# Forgets what is remembered of copies into directory $1, whether that is still there or not.

set +efu
to=$(cd -P -- "$1" 2>/dev/null && pwd -P) || to=$1
. ../../facts/copies/json.sh
words="\"to\":\"$(json "$to")\","
for at in "${PLIMSOLL_STATE:-/var/lib/plimsoll}"/copies/* "${PLIMSOLL_STATE:-/var/lib/plimsoll}"/copied/*; do
  [ -f "$at" ] || continue
  case $(cat -- "$at") in *"$words"*) rm -f -- "$at" || exit 1 ;; esac
done
