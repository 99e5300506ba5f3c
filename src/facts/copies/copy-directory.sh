# A directory that is copied from or to. Argument: the path. Reads every name below it, so it takes its time on a large
# tree.

[ -e "$1" ] || {
  echo missing
  exit 0
}
[ -d "$1" ] || {
  echo other
  exit 0
}
cd -P -- "$1" || exit 1
path=$(pwd -P)
echo directory
printf 'path %s\n' "$path"
stat -c 'stat %d:%i %W %a %u:%g' .
echo "allocated $(du -sxB1 . | cut -f1)"
echo "apparent $(du -sxB1 --apparent-size . | cut -f1)"
echo "entries $(find . -xdev -mindepth 1 -printf x | wc -c)"
echo "df $(df -B1 --output=avail,itotal,iavail . | tail -n 1)"
while read -r _ _ _ _ at _; do
  case $(printf '%b' "$at") in "${path%/}"/?*) printf 'below %s\n' "$at" ;; esac
done </proc/self/mountinfo
echo end
