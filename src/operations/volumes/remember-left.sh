# Remembers how the content of volume $1 is left in directory $2, once nothing uses it any more.
# shellcheck disable=SC2174 # only the last directory is ours

. ./left.sh
mkdir -p -m 700 -- "$left" && left_state "$2" >"$left/.$1" && sync -- "$left/.$1" && mv -f -- "$left/.$1" "$left/$1" && sync -- "$left"
