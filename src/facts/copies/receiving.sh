# What a destination says about copies to it. Arguments: what is copied, the destination's path.

. ./copied.sh

[ -d "$2" ] || {
  echo end
  exit 0
}
copy_of "$1" "$2" || exit 1
find_own
inode=$(stat -c %i -- "$to")
for at in "$state"/copies/*; do
  [ -f "$at" ] || continue
  case $(cat -- "$at") in *"\"to\":\"$(json "$to")\",\"inode\":\"$inode\",\"born\":$born,"*) printf 'begun %s\n' "$(cat -- "$at")" ;; esac
done
if [ -n "$done" ]; then
  find "$done" -printf 'stamp %T@\n'
  sed -n 's/.*"source":"\([0-9. ]*\)".*/source \1/p' "$done"
  if as_left; then echo unchanged; fi
fi
echo end
