# shellcheck disable=SC2034 # for whoever sources it: name

set -f
. ../shell/walk.sh
path=$1 name=${1##*/} part=./.${1##*/}.part
at_place() { directory=${path%/*}; walk_to "${directory:-/}" own "$@"; }
ours() { [ -f "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] && [ "$(stat -c %h "$1")" = 1 ]; }
only_ours() { ours "$part" || rm -f "$part"; }
