# The names that a family of volumes has ever had here. Argument: the family.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
printf '%s\n' "$state/volumes/$1"
[ ! -e "$state/volumes/$1" ] || cat -- "$state/volumes/$1" || exit 1
echo
echo end
