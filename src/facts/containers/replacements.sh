# Replacements of containers that are under way, or done and not finalized: of each the old id, and what was written
# down.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
[ -e "$state" ] || [ -L "$state" ] || { echo end; exit 0; }
cd -- "$state" || exit 1
for at in replacing/* replaced/*; do
  [ -f "$at" ] || continue
  [ "$at" = "replacing/${at#*/}" ] || [ ! -f "replacing/${at#*/}" ] || continue
  echo "old ${at#*/}"
  cat -- "$at" || exit 1
done
echo end
