# Empties the destination of a copy from another host, if it holds that and nothing else, and nobody has it mounted.
# Arguments: what is copied, the destination.

LC_ALL=C
. ../../../facts/copies/copied.sh

no() {
  printf '%s\n' "$*" >&2
  exit 9
}
. ../unused.sh
[ -d "$2" ] || exit 0
copy_of "$1" "$2" || exit 1
find_own
[ -n "$mine$done" ] || ! occupied || no "$2 is left as it is: no copy of $1 is known there"
if occupied; then
  as_left || no "$2 is left as it is: something has been written to it since the copy, or the host has been restarted in the middle of it"
  unused "$2" || exit 9
  find . -xdev -mindepth 1 -delete || exit 1
fi
for at in "$mine" "$done"; do
  [ -f "$at" ] || continue
  owner=$(sed -n 's/.*"owner":"\([0-9:]*\)".*/\1/p' "$at") mode=$(sed -n 's/.*"mode":"\([0-7]*\)".*/\1/p' "$at")
  [ -z "$owner" ] || chown "$owner" .
  [ -z "$mode" ] || chmod "0$mode" .
  rm -f -- "$at"
done
exit 0
