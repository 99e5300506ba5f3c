# The superblock of a thin device that is not active, because its container does not run. Arguments: the pool
# (`major:minor`), the thin device's id.
# There is no way to read a thin device but through a mapping, so one of 4 KiB is made, read-only, under a name of its
# own, and removed again whatever happens: nothing that existed is touched.

name=plimsoll-read-$$
remove() { dmsetup remove --retry "$name" >/dev/null 2>&1; }
trap 'remove' EXIT
trap 'exit 1' HUP INT TERM
trap '' PIPE
dmsetup create "$name" --readonly --table "0 8 thin $1 $2" || exit 3
dd if="/dev/mapper/$name" bs=4096 count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
exit 0
