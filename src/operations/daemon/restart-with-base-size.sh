# The daemon is restarted, and has the base size that is wanted; whatever ran goes on running.
# Arguments: Docker's root, the wanted bytes, then each running container: its id and its start.

root=$1 wanted=$2
shift 2
. ./base-size.sh
restart_daemon || {
  echo "the daemon does not start with it" >&2
  exit 1
}
answers || {
  echo "the daemon does not answer" >&2
  exit 1
}
[ "$(base)" = "$wanted" ] || {
  echo "the base device is $(base) bytes" >&2
  exit 1
}
while [ $# -gt 1 ]; do
  [ "$(docker inspect --type container --format '{{.State.Running}} {{.State.StartedAt}}' -- "$1")" = "true $2" ] || {
    echo "container $1 did not go on running" >&2
    exit 1
  }
  shift 2
done
exit 0
