# What is in quarantine, and what time it is on the host.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
date '+now %s' || exit 1
set +f
for at in "$state"/left/*; do [ ! -f "$at" ] || printf 'left %s\n' "${at##*/}"; done
set -- "$state"/quarantine/*
[ ! -e "$1" ] || cat -- "$@" || exit 1
echo end
