# `mark TEXT` says how far the volume has come.
# shellcheck disable=SC2154 # of whoever sources it: volume
# shellcheck disable=SC2174 # only the last directory is ours

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
mark() { mkdir -p -m 700 -- "$state/restored" && printf '%s\n' "$1" >"$state/restored/.$volume" && sync "$state/restored/.$volume" && mv -f -- "$state/restored/.$volume" "$state/restored/$volume" && sync "$state/restored"; }
