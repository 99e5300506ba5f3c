# The volumes of the local driver. Argument: Docker's `volumes` directory. Looks no deeper than the top directory of
# each volume.

[ -d "$1/" ] || {
  echo 'it does not exist' >&2
  exit 1
}
tries=0
# It fails when a volume is removed at this moment.
until found=$(find "$1/" -mindepth 1 -maxdepth 2 -printf '%d %y %i %C@ %P\n'); do
  tries=$((tries + 1))
  [ "$tries" -lt 3 ] || exit 1
done
printf '%s\n' "$found"
while read -r _ _ _ _ at _; do
  case $at in *\\*) at=$(printf '%b' "$at") ;; esac
  case $at in "$1"/*) printf 'mounted %s\n' "$at" ;; esac
done </proc/self/mountinfo
echo end
