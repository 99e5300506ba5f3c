# Replacements of containers that are under way, or done and not finalized: of each the old id, and what was written
# down.

. ../host/state-directory.sh
for at in replacing/* replaced/*; do
  [ -f "$at" ] || continue
  [ "$at" = "replacing/${at#*/}" ] || [ ! -f "replacing/${at#*/}" ] || continue
  echo "old ${at#*/}"
  cat -- "$at" || exit 1
done
echo end
