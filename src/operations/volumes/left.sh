# `left_state DIRECTORY` changes whenever anything in it does, but not when Docker sets the directory's own project
# anew.
# shellcheck disable=SC2034 # for whoever sources it: left

left=${PLIMSOLL_STATE:-/var/lib/plimsoll}/left
left_state() { find "$1" -maxdepth 0 -printf '%T@ ' && find "$1" -xdev -mindepth 1 -printf '%C@ %s %i %P\0' | LC_ALL=C sort -z | sha256sum; }
