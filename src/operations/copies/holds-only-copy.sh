# Succeeds when the destination holds nothing but the copy: it is empty, as a pass has left it, or of one that was
# cut, without anything that could not be had again.
# Arguments: source, destination, which ones those are; `again`, where what a pass has left must be had again as well.

. ../../facts/copies/copied.sh
from_is=$3 to_is=$4
resolve "$1" "$2" && find_own || exit 1
occupied || exit 0
why="it holds more than the copy of $1" its=$mine
if as_left; then
  [ "$5" = again ] || exit 0
  why="it holds something that is not in $1, or is newer than there" its=$done
fi
strange="something has written to it since"
if [ -n "$its" ] && strange=$(strangers "$from" .); then exit 0; fi
printf '%s\n' "$2 is left as it is: $why: $strange" >&2
exit 9
