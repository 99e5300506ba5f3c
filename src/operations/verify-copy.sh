# Arguments: as of compare-directories.sh.

# Fails if the two differ in anything.
{
. ../facts/compare-directories.sh
} </dev/null
