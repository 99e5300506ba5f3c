# Arguments: the file; what it is to be again: the path of a copy, `absent`, or `done`, where it is that already; the
# driver to go back to; then the containers that ran, in their order.

file=$1 copy=$2 old=$3
shift 3
. ./driver.sh
case $copy in
  done) ;;
  absent) rm -f -- "$file" && { rmdir -- "${file%/*}" 2>/dev/null || :; } || exit 1 ;;
  *) cp -p -- "$copy" "$file.plimsoll" && sync "$file.plimsoll" && mv -f -- "$file.plimsoll" "$file" || exit 1 ;;
esac
sync "${file%/*}" 2>/dev/null
now=$(driver)
if [ "$now" != "$old" ]; then
  [ -z "$now" ] || {
    started=$(docker ps -q)
    [ -z "$started" ] || docker stop -- $started >/dev/null || exit 1
  }
  restart_daemon && answers || {
    echo "the daemon does not start with $old" >&2
    exit 1
  }
  [ "$(driver)" = "$old" ] || {
    echo "the daemon has started with $(driver) instead of $old" >&2
    exit 1
  }
fi
[ $# -eq 0 ] || docker start -- "$@" >/dev/null || {
  echo "not every container has started again" >&2
  exit 1
}
