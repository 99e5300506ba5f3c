# Functions about containers that were stopped, and a file that remembers which. `named FILE` prints the ids of those
# that it names: they stand in their list and nowhere else, since a path may look like one, as that of a volume
# without a name does. `start_again FILE` starts these, or lets them go on, in its order, and forgets them when all of
# them have been; `start_all FILE` does not forget.

named() { sed -n 's/^.*"containers":\[\([^]]*\)\].*$/\1/p' "$1" | grep -Eo '[0-9a-f]{64}'; }
look() { docker inspect --type container --format '{{.Id}} {{.State.Running}} {{.State.StartedAt}}' "$@"; }
up() {
  case $(docker inspect --type container --format '{{.State.Paused}}' "$1") in true) docker unpause "$1" ;; *) docker start "$1" ;; esac >/dev/null
}
# A daemon that is being restarted refuses for a moment.
start_patiently() {
  for pause in 1 3; do
    ! up "$1" || return 0
    sleep "$pause"
  done
  up "$1"
}
start_all() {
  failed=
  for id in $(named "$1"); do
    # One that has been removed since cannot be missed.
    if is=$(look "$id" 2>&1); then
      start_patiently "$id" || failed="$failed $id"
    else
      case $is in
        *[Nn]'o such '*) ;;
        *)
          printf '%s\n' "$is" >&2
          failed="$failed $id"
          ;;
      esac
    fi
  done
  if [ -n "$failed" ]; then
    echo "could not be started again:$failed; they are remembered in $1" >&2
    return 1
  fi
}
start_again() {
  [ -f "$1" ] || return 0
  start_all "$1" && rm -f -- "$1"
}
