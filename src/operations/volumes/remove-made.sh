# Arguments: the volume; the label of the container that belongs to its making; a format of docker's, and what it
# prints of this very volume; its directory.

# Removes volume $1, if it is the one that was made. Docker refuses while any container has it.
{
  . ./is-there.sh
  forget() (
    . ../copies/forget-copies.sh
  )
  if is_there "$1"; then
    is=$(docker volume inspect --format "$3" "$1") || exit 1
    [ "$is" = "$4" ] || no "$1 is not the volume that was made: $is"
    for id in $(docker ps -aq --no-trunc --filter "label=$2=$1"); do docker rm -f "$id" >/dev/null; done
    docker volume rm "$1" >/dev/null || exit 1
  fi
  forget "$5" || exit 1
} </dev/null
