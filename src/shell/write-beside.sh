# `write_beside PATH MODE [OWNER [SHA256]]` puts its standard input in place, if it is what it should be. `read_beside
# PATH` prints a file, and follows links as `walk_to` does, and none in the last place. `beside_in PATH …` is `walk_to`
# where a file lies.

. ./walk.sh
. ./beside.sh
beside_in() {
  beside_path=${1%/*}
  shift
  walk_to "${beside_path:-/}" "$@"
}
read_beside() (beside_in "$1" && [ -f "./${1##*/}" ] && [ ! -L "./${1##*/}" ] && exec cat <"./${1##*/}" || beside_no "$1 cannot be read: is it a file?")
write_beside() (
  umask 077
  beside_in "$1" && beside "$1" || exit 1
  trap leave_beside EXIT
  trap 'exit 143' TERM INT
  cat >./.part || exit 1
  [ -z "${4-}" ] || [ "$(sha256sum <./.part | cut -d' ' -f1)" = "$4" ] || {
    beside_no "what was to become $1 did not arrive whole"
    exit 1
  }
  put_in_place "${1##*/}" "$2" "${3-}"
)
