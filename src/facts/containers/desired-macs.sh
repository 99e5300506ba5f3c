# `docker inspect` shows what MAC address an endpoint has, not whether somebody has set it, and of a stopped container
# neither; the daemon's own record does, by network, in the order of their names. Printed even where it is empty.
# shellcheck disable=SC2154 # of whoever sources it: own

at=$(printf '%s\n' "$own" | sed -n 's/^path //p')
case $at in /*) grep -o '"DesiredMacAddress":"[0-9A-Fa-f:]*"' "${at%/*}/config.v2.json" 2>/dev/null | sed 's/^"DesiredMacAddress":"/mac /; s/"$//' ;; esac
