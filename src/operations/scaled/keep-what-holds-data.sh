# Fails when a volume holds data. Arguments: the volume, its directory, and what can be done about it.

[ ! -d "$2" ] || [ -z "$(ls -A -- "$2")" ] || {
  printf '%s holds data by now, and is kept: %s\n' "$1" "$3" >&2
  exit 1
}
