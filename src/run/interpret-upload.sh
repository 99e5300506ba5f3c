set -f; trap '' HUP PIPE
. ../values/write-beside.sh
write_beside "$@"
