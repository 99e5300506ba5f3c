# Arguments: each container that runs, its id and its start. Nothing else may run, and nothing runs afterwards.

# Stops the containers that are given with their starts, unless others run.
stop_all() {
  . ../copies/stopped.sh

  ids='' wanted=
  while [ $# -gt 1 ]; do
    ids="$ids $1" wanted="$wanted $1 true $2"
    shift 2
  done
  running=$(docker ps -q --no-trunc) || return 1
  for id in $running; do
    case " $ids " in
      *" $id "*) ;;
      *)
        echo "container $id has been started since this was approved" >&2
        return 1
        ;;
    esac
  done
  [ -n "$ids" ] || return 0
  [ "$(look $ids | tr '\n' ' ')" = "${wanted# } " ] || {
    echo "a container has been stopped or started since this was approved" >&2
    return 1
  }
  docker stop $ids >/dev/null || {
    echo "the containers could not all be stopped" >&2
    return 1
  }
  running=$(docker ps -q --no-trunc) || return 1
  [ -z "$running" ] || {
    echo "a container runs after all have been stopped: $running" >&2
    return 1
  }
}
stop_all "$@" </dev/null
