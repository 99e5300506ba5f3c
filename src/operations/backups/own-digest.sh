# Digest and size of a file. Argument: the file.

printf '%s %s\n' "$(sha256sum <"$1" | cut -d' ' -f1)" "$(stat -c %s -- "$1")"
