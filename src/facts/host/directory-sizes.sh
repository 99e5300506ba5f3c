# The bytes that each directory has allocated; one that could not be read to its end is left out. Arguments:
# directories.
# shellcheck disable=SC2217 # du reads nothing, and there is nothing to read

for at; do
  out=$(du -sxB1 -- "$at" 2>/dev/null </dev/null) && printf '%s\n' "$out"
done
exit 0
