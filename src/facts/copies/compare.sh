# For `inside`. Compares two directories, themselves included: content, names, types, owners, modes, times, hard links,
# and ACLs and extended attributes where the tools are there.
# Arguments: `rsync` or `manifest`; `quick` (files by size and time) or `full` (by checksum); rsync's option for times.
# Prints `identical`, or how many differences there are and up to twenty of them; a full comparison says so on its
# standard error and ends with status 9, because it is a verification.
# shellcheck disable=SC2154 # of whoever sources it: from, scratch, to

method=$1 depth=$2 times=$3 work=$scratch
by_rsync() {
  [ "$depth" = full ] && set -- --checksum || set --
  [ -z "$times" ] || set -- "$@" "$times"
  rsync -aHAXSnx --numeric-ids --delete -i "$@" "${from%/}/" "${to%/}/" >"$work/differences"
}
# One line for each thing there is to compare; a line feed in a name becomes a \001.
manifest() {
  cd -- "$1" || return 1
  {
    find . -xdev \( -type f -printf 'f %m %U:%G %s %T@ %p\0' -o -type l -printf 'l %U:%G %T@ %p -> %l\0' -o -printf '%y %m %U:%G %T@ %p\0' \) || echo failed >>"$work/failed"
    find . -xdev \( -type b -o -type c \) -exec stat --printf 'node %t:%T %n\0' {} + || echo failed >>"$work/failed"
  } | tr '\n\0' '\001\n'
  find . -xdev -type f -links +1 -printf '%i %p\0' | tr '\n\0' '\001\n' | sort -k2 | awk '{ inode = $1; sub(/^[^ ]+ /, ""); if (!(inode in first)) first[inode] = $0; print "linked", first[inode], $0 }'
  if [ "$depth" = full ]; then
    find . -xdev -type f -exec sha256sum {} + || echo failed >>"$work/failed"
  fi
  if command -v getfattr >/dev/null 2>&1; then
    find . -xdev -print0 | sort -z | xargs -0 -r getfattr -h -d -m - -e hex -- | awk '/^# file: / { file = $0; next } NF { print file, $0 }' || echo failed >>"$work/failed"
  fi
  if command -v getfacl >/dev/null 2>&1; then
    find . -xdev ! -type l -print0 | sort -z | xargs -0 -r getfacl -n -p -- 2>/dev/null | awk '/^# file: / { file = $0; next } NF { print file, $0 }'
  fi
}
# Both sides at once: each has one program at work.
by_manifest() {
  (manifest "$from") >"$work/a" &
  source_side=$!
  (manifest "$to") >"$work/b" || echo failed >>"$work/failed"
  wait "$source_side" && [ ! -e "$work/failed" ] || return 1
  sort "$work/a" >"$work/source"
  sort "$work/b" >"$work/destination"
  diff -a "$work/source" "$work/destination" | grep -a '^[<>]' >"$work/differences"
  return 0
}
by_$method || exit 1
[ -s "$work/differences" ] || {
  echo identical
  exit 0
}
if [ "$depth" = full ]; then
  {
    echo "the copy differs from its source in $(wc -l <"$work/differences") places:"
    head -n 20 "$work/differences"
  } >&2
  exit 9
fi
# What only adds to the destination, or sets what a directory is like, takes nothing away from it.
echo "$(wc -l <"$work/differences") $(grep -v -c -e '^[>ch.][fdLDS]+++++++++ ' -e '^\.d' "$work/differences")"
head -n 20 "$work/differences"
exit 0
