# Argument: a file, which need not be there any more.

# Removes $1.
file() {
  [ ! -e "$1" ] && [ ! -L "$1" ] || (beside_in "$1" && rm -f "./${1##*/}")
}
. ../../shell/write-beside.sh
file "$@" </dev/null
