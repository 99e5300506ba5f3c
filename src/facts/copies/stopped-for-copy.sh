# The containers that were running when a copy was to stop them: each file that names some, and its text.

stopped=${PLIMSOLL_STATE:-/var/lib/plimsoll}/stopped
echo "$stopped"
for at in "$stopped"/*; do
  [ -f "$at" ] || continue
  text=$(cat -- "$at") || {
    [ -e "$at" ] || continue
    exit 1
  }
  printf '%s\n%s\n' "${at##*/}" "$(printf %s "$text" | tr '\n' ' ')"
done
echo end
