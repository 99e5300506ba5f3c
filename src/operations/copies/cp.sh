# `-a` alone forgives attributes that it could not set; named one by one they must be kept.
# shellcheck disable=SC2154 # of inside: from, to

exec cp -a --preserve=mode,ownership,timestamps,links,xattr --reflink=auto --sparse=auto -x "$from/." "$to/"
