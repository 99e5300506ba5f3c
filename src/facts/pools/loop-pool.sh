# What a thin pool lies on, where that is files. Arguments: the pool's data device and its metadata device, as
# `major:minor`.
# shellcheck disable=SC2154 # named by whoever renders or sources it: no_binary

command -v losetup >/dev/null 2>&1 || exit $no_binary
list=$(losetup --list --noheadings --output NAME,MAJ:MIN,SIZELIMIT,OFFSET,RO,BACK-INO,BACK-FILE) || exit 3
for number in "$1" "$2"; do
  printf '%s\n' "$list" | while read -r name device limit offset ro inode file; do
    [ "$device" = "$number" ] || continue
    printf 'loop %s %s %s %s %s %s %s %s\n' "$number" "$name" "$limit" "$offset" "$ro" "$inode" "$(blockdev --getsize64 "$name")" "$file"
    set -- "$number" "$(stat -c '%i %s %b %B' -- "$file" 2>/dev/null)"
    [ -n "$2" ] || continue
    printf 'file %s %s\n' "$1" "$2"
    printf 'free %s %s\n' "$1" "$(df -B1 --output=avail -- "$file" | tail -n 1)"
  done
done
exit 0
