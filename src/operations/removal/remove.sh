# Removes container $1. Without -f, Docker itself refuses one that runs; without -v, its volumes stay.

there() {
  all=$(docker ps -aq --no-trunc) || exit 1
  printf '%s\n' "$all" | grep -Fqx -e "$1"
}
there "$1" || exit 0
docker rm -- "$1" >/dev/null || exit 1
! there "$1" || {
  echo "it is still there, although Docker says that it has been removed" >&2
  exit 1
}
