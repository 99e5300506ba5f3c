# Arguments: the family, what has become of the volume, its version, its name, what it replaces.
# shellcheck disable=SC2174 # only the last directory is ours

directory=${PLIMSOLL_STATE:-/var/lib/plimsoll}/volumes
mkdir -p -m 700 -- "$directory" || exit 1
file=$directory/$1
[ ! -s "$file" ] || [ -z "$(tail -c 1 -- "$file")" ] || echo >>"$file"
printf '%s %s %s %s\n' "$2" "$3" "$4" "$5" >>"$file" && sync -- "$file" "$directory"
