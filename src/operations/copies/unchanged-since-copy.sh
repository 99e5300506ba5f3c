# Succeeds when the destination is still exactly as a final pass has left it.
# Arguments: source, destination, which ones those are.

. ../../facts/copies/copied.sh
from_is=$3 to_is=$4
resolve "$1" "$2" && find_own && [ -z "$mine" ] && as_left && exit 0
printf '%s\n' "$2 is not as the copy of $1 has left it: something has written to it since" >&2
exit 9
