# Fails when something in a directory cannot be had again from the source of a copy. Arguments: from; to, and which one
# that is.

# Stops here if $2 holds anything that is not in $1, or is newer than there.
{
  . ./enter.sh
  . ./strangers.sh
  enter "$2" "$3" || exit 1
  strange=$(strangers "$1" .) && exit 0
  echo "$2 is left as it is: it holds something that is not in $1, or is newer than there: $strange" >&2
  exit 9
} </dev/null
