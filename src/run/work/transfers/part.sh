# The part of the file $1 that has arrived. What can be gone on with has a name that is known, so it lies only where
# nobody else may have put something of that name: in a directory that is our own, as the state directory is. What
# stands there all the same, and is no plain file of our own, is removed.
# shellcheck disable=SC2034 # for whoever sources it: name

set -f
. ../../../shell/walk.sh
path=$1 name=${1##*/} part=./.${1##*/}.part
at_place() {
  directory=${path%/*}
  walk_to "${directory:-/}" own "$@"
}
ours() { [ -f "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] && [ "$(stat -c %h "$1")" = 1 ]; }
only_ours() { ours "$part" || rm -f "$part"; }
