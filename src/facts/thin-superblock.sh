name=plimsoll-read-$$
remove() { dmsetup remove --retry "$name" >/dev/null 2>&1; }
trap 'remove' EXIT
trap 'exit 1' HUP INT TERM
trap '' PIPE
dmsetup create "$name" --readonly --table "0 8 thin $1 $2" || exit 3
dd if="/dev/mapper/$name" bs=4096 count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
exit 0
