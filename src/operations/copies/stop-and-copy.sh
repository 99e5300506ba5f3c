# What was mounted for a container goes with it, so both directories must still be the ones that were planned for. A
# container that somebody (or a restarted daemon) has started meanwhile takes the copy its worth. `final_pass` is
# given, which asks `still_stopped`.
# Arguments: the file that names the containers, source and which one that is, destination and which one that is.

stop_and_copy() {
  . ./stopped.sh
  . ../../facts/copies/enter.sh
  file=$1
  ids=$(named "$file") || return 1
  still_stopped() {
    [ "$(look $ids)" = "$stopped" ] || {
      echo "a container has been started during the final pass" >&2
      return 1
    }
  }
  end() {
    status=$?
    trap - EXIT
    trap '' TERM INT HUP
    start_again "$file" || [ "$status" != 0 ] || status=1
    exit "$status"
  }
  trap end EXIT
  trap 'exit 143' TERM INT HUP
  docker stop $ids >/dev/null || {
    echo "the containers could not all be stopped" >&2
    exit 1
  }
  stopped=$(look $ids) || exit 1
  case $stopped in
    *' true '*)
      echo "a container goes on running after docker stop: $stopped" >&2
      exit 1
      ;;
  esac
  (enter "$2" "$3" && enter "$4" "$5") || exit 1
  final_pass
}
stop_and_copy "$@"
