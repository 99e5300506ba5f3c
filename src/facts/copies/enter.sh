# `enter PATH IDENTITY` goes into a directory, and fails when it is not the one that was planned for. From there on a
# script says `.`: what a container puts at the path is of no meaning any more. A path that is used a second time leads
# to wherever somebody who may write to a directory above it has let it lead meanwhile.

enter() {
  cd -P -- "$1" || return 1
  is=$(stat -c %d:%i:%W .)
  case ${is##*:} in '' | *[!0-9]*) is=${is%:*}:0 ;; esac
  case $2 in
    '' | "${is%:*}" | "$is") return 0 ;;
    *:*:0) ;;
    # A device may have another number after a restart; the time of birth is as good.
    *:*:*) [ "${2#*:}" != "${is#*:}" ] || return 0 ;;
  esac
  printf '%s\n' "$1 is another directory now than the one that was planned for: was it replaced, or mounted for a container?" >&2
  return 1
}
