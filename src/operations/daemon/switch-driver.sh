# The containers are stopped, and the daemon runs with its new file and the driver that is wanted.
# Arguments: the file, the wanted driver, then the containers that run. dockerd has --validate since release 23; without
# it a file that it does not understand is found out when it starts.

file=$1 wanted=$2
shift 2
. ./driver.sh
if dockerd --help 2>/dev/null | grep -q -e --validate; then
  dockerd --validate --config-file "$file" >/dev/null || {
    echo "dockerd does not take the new $file" >&2
    exit 1
  }
fi
[ $# -eq 0 ] || docker stop -- "$@" >/dev/null || {
  echo "the containers could not be stopped" >&2
  exit 1
}
running=$(docker ps -q) || exit 1
[ -z "$running" ] || {
  echo "other containers have been started meanwhile:" $running >&2
  exit 1
}
restart_daemon || {
  echo "the daemon does not start with $wanted" >&2
  exit 1
}
answers || {
  echo "the daemon does not answer with $wanted" >&2
  exit 1
}
[ "$(driver)" = "$wanted" ] || {
  echo "the daemon has started with $(driver) instead of $wanted" >&2
  exit 1
}
