# The containers that Compose is making anew, or has and is not finalized: of each its old id, and what was written
# down.

. ../host/state-directory.sh
for at in composing/* composed/*; do
  [ -f "$at/about" ] || continue
  case $at in composed/*) [ ! -f "composing/${at#*/}/about" ] || continue ;; esac
  echo "old ${at#*/}"
  cat -- "$at/about" || exit 1
done
echo end
