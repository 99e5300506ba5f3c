# For `inside`. Prints `PART DIGEST` of everything that files in $1 have, the sockets left out, a line for each part
# that the host has the tools for. `$scratch` is a directory for it. Fails when anything cannot be read.
# shellcheck disable=SC2154 # of whoever sources it: scratch

work=$scratch
cd -P -- "$1" || exit 1
say() { printf '%s %s\n' "$1" "$(LC_ALL=C sort <"$work/lines" | sha256sum | cut -d' ' -f1)"; }
find . -xdev ! -type s \( -type f -printf 'f %m %U:%G %s %T@ %p\0' -o -type l -printf 'l %U:%G %T@ %p -> %l\0' -o -printf '%y %m %U:%G %T@ %p\0' \) >"$work/raw" || exit 1
find . -xdev \( -type b -o -type c \) -exec stat --printf 'node %t:%T %n\0' {} + >>"$work/raw" || exit 1
tr '\n\0' '\001\n' <"$work/raw" >"$work/lines" || exit 1
find . -xdev -type f -links +1 -printf '%i %p\0' >"$work/raw" || exit 1
tr '\n\0' '\001\n' <"$work/raw" | LC_ALL=C sort -k2 | awk '{ inode = $1; sub(/^[^ ]+ /, ""); if (!(inode in first)) first[inode] = $0; print "linked", first[inode], $0 }' >>"$work/lines" || exit 1
say names
find . -xdev -type f -print0 >"$work/raw" && xargs -0 -r sha256sum -- <"$work/raw" >"$work/lines" || exit 1
say contents
if command -v getfattr >/dev/null 2>&1; then
  find . -xdev ! -type s -print0 >"$work/raw" && xargs -0 -r getfattr -h -d -m - -e hex -- <"$work/raw" >"$work/said" || exit 1
  awk '/^# file: / { file = $0; next } NF { print file, $0 }' <"$work/said" >"$work/lines" || exit 1
  say attributes
fi
if command -v getfacl >/dev/null 2>&1; then
  find . -xdev ! -type l ! -type s -print0 >"$work/raw" && xargs -0 -r getfacl -n -p -- <"$work/raw" >"$work/said" || exit 1
  awk '/^# file: / { file = $0; next } NF { print file, $0 }' <"$work/said" >"$work/lines" || exit 1
  say acls
fi
