# How many volumes there are, and then each of them as the format says: one that vanished since can be told from one
# that could not be read.
# shellcheck disable=SC2154 # named by whoever renders it: format, no_binary, no_daemon

command -v docker >/dev/null 2>&1 || exit $no_binary
names=$(docker volume ls -q) || exit $no_daemon
set -f
IFS='
'
set -- $names
echo "$#"
[ "$#" -eq 0 ] || docker volume inspect --format "$format" -- "$@"
