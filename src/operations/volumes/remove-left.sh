# Arguments: the volume, its directory, where its content has been copied to. Docker refuses while any container has
# it.

# Removes volume $1, if nothing in it has changed since its content was copied for the last time.
{
  . ./left.sh
  . ./is-there.sh
  forget() (
    . ../copies/forget-copies.sh
  )
  if is_there "$1"; then
    [ "$(docker volume inspect --format '{{.Mountpoint}}' "$1")" = "$2" ] || no "$1 lies somewhere else now: it is not the volume that was copied"
    [ -f "$left/$1" ] || no "$1 is kept: how it was left is not known"
    [ "$(left_state "$2")" = "$(cat -- "$left/$1")" ] || no "$1 is kept: something has written to it since it was copied"
    docker volume rm "$1" >/dev/null || exit 1
  fi
  rm -f -- "$left/$1" && forget "$3" || exit 1
} </dev/null
