# Arguments: as of compare-directories.sh.

# Fails if the two differ in anything.
{
  . ../../facts/copies/compare-directories.sh
} </dev/null
