# Standard input becomes a file. Arguments: the path, mode, owner or empty, digest.

set -f
trap '' HUP PIPE
. ../../shell/write-beside.sh
write_beside "$@"
