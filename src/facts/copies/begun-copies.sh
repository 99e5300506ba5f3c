# Every copy that has begun and is not verified yet: its file, when that was written, and its text.

copies=${PLIMSOLL_STATE:-/var/lib/plimsoll}/copies
echo "boot $(sed -n 's/^btime //p' /proc/stat)"
echo "$copies"
for at in "$copies"/*; do
  [ -f "$at" ] || continue
  text=$(cat -- "$at") && written=$(stat -c %Y -- "$at") || {
    [ -e "$at" ] || continue
    exit 1
  }
  printf '%s %s\n%s\n' "${at##*/}" "$written" "$(printf %s "$text" | tr '\n' ' ')"
done
echo end
