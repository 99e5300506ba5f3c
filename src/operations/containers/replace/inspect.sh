# `of CONTAINER TEMPLATE` prints what docker inspect does. It ends with 1 where there is no such container, and with 2
# where it could not be read; then docker has said why, on standard error.

of() {
  { why=$(docker inspect --type container --format "$2" -- "$1" 2>&1 >&3); } 3>&1 && return 0
  case $why in *'o such container'* | *'o such object'*) return 1 ;; esac
  printf '%s\n' "$why" >&2
  return 2
}
# `those_of TEMPLATE CONTAINER…` prints what docker inspect does of those that there are, in one call. It fails where that
# could not be read.
those_of() {
  { why=$(docker inspect --type container --format "$@" 2>&1 >&3); } 3>&1 && return 0
  printf '%s\n' "$why" | while read -r line; do
    case $line in *'o such container'* | *'o such object'*) ;; *) echo "$line" && exit 2 ;; esac
  done >&2
}
