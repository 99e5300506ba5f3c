set -f; trap '' HUP PIPE
. ../shell/write-beside.sh
write_beside "$@"
