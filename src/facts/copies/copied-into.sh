# What is remembered of the copy that a directory is, or `none`. Argument: the directory.
# A change is told by the time of the last change of attributes, which no program can set; of the source's own directory
# by its names, since Docker sets the quota project of a volume's anew.

set +efu
state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
. ./json.sh
[ -d "$1" ] || {
  echo none
  exit 0
}
to=$(cd -P -- "$1" && pwd -P) && inode=$(stat -c %i -- "$to") || exit 1
words="\",\"to\":\"$(json "$to")\",\"inode\":\"$inode\","
found='' complete=
for at in "$state"/copies/* "$state"/copied/*; do
  [ -f "$at" ] || continue
  text=$(cat -- "$at") || {
    [ -e "$at" ] || continue
    exit 1
  }
  case $text in *"$words"*) ;; *) continue ;; esac
  case $at in
    "$state/copied/"*)
      [ -z "$found" ] || continue
      complete=1
      ;;
  esac
  found=$at marker=$text
done
[ -n "$found" ] || {
  echo none
  exit 0
}
from=$(printf '%s\n' "$marker" | sed -n 's/^{"from":"\(.*\)","to":".*/\1/p' | sed 's/\\\(["\\]\)/\1/g')
echo "from $from"
if [ -n "$complete" ]; then echo complete; else echo begun; fi
[ -d "$from" ] || {
  echo 'newer -1'
  exit 0
}
cd -P -- "$from" || exit 1
newer=$(find . -xdev -mindepth 1 -cnewer "$found" -printf x && find . -maxdepth 0 -newer "$found" -printf x) || exit 1
echo "newer ${#newer}"
find . -xdev -mindepth 1 ! -type d -cnewer "$found" -printf '%P\n' | head -n 3
