# How the last pass of a copy has left its destination. Arguments: from, to.

. ./copied.sh

[ -d "$1" ] && [ -d "$2" ] || {
  echo none
  exit 0
}
resolve "$1" "$2" || exit 1
find_own
[ -n "$done" ] || {
  echo none
  exit 0
}
find "$done" -printf 'passed %T@\n'
if as_left; then echo unchanged; else echo changed; fi
