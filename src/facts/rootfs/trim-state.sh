# What trimming a container's root file system needs, and what an earlier trimming of it has noted. Argument: the name
# of its thin device.

! command -v fstrim >/dev/null 2>&1 || echo fstrim
device=/dev/mapper/$1
[ ! -e "$device" ] || printf 'discard %s\n' "$(lsblk --nodeps --bytes --noheadings --output DISC-MAX "$device" 2>/dev/null | tr -d ' ')"
[ ! -e "/var/lib/plimsoll/trimmed/$1" ] || printf 'trimmed %s\n' "$(cat "/var/lib/plimsoll/trimmed/$1")"
exit 0
