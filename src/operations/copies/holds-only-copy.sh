# Succeeds when the destination holds nothing but the copy: it is empty, as a pass has left it, or of one that was
# cut, without anything that could not be had again.
# Arguments: source, destination, which ones those are.

. ../../facts/copies/copied.sh
from_is=$3 to_is=$4
resolve "$1" "$2" && find_own || exit 1
if ! occupied || as_left; then exit 0; fi
strange="something has written to it since"
if [ -n "$mine" ] && strange=$(strangers "$from" .); then exit 0; fi
printf '%s\n' "$2 is left as it is: it holds more than the copy of $1: $strange" >&2
exit 9
