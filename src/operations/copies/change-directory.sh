# Arguments: a directory, which one that is, what is done in it.

# Runs $3 in $1, if that is still the directory that was planned for.
{
  . ../../facts/copies/enter.sh
  enter "$1" "$2" && exec /bin/sh -c "$3"
} </dev/null
