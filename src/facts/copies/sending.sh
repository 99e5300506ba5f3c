# Another text whenever anything in a directory has been changed. Argument: the directory.

. ./state-of.sh
[ -d "$1" ] || {
  echo none
  exit 0
}
state_of "$1"
