# `unused DIRECTORY` fails when a running container has it mounted.

unused() {
  ! command -v docker >/dev/null 2>&1 && return
  ids=$(docker ps -q --no-trunc) || return
  [ -z "$ids" ] && return
  docker inspect --type container --format '{{range .Mounts}}{{println .Source}}{{end}}' $ids | grep -qxF -- "$1" || return 0
  echo "a running container uses $1: stop it first" >&2
  return 1
}
