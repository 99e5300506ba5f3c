# The containers that Compose is making anew, or has and is not finalized: of each its old id, and what was written
# down.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
[ -e "$state" ] || [ -L "$state" ] || { echo end; exit 0; }
cd -- "$state" || exit 1
for at in composing/* composed/*; do
  [ -f "$at/about" ] || continue
  case $at in composed/*) [ ! -f "composing/${at#*/}/about" ] || continue ;; esac
  echo "old ${at#*/}"
  cat -- "$at/about" || exit 1
done
echo end
