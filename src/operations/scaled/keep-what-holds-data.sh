# Fails when an instance of a scaled volume holds data. Arguments: the instance, and its directory.

[ ! -d "$2" ] || [ -z "$(ls -A -- "$2")" ] || {
  printf '%s holds data by now, and is kept: plimsoll scaled delete %s removes it with that\n' "$1" "$1" >&2
  exit 1
}
