# What the script of a series begins with. `next STATUS` writes down how one of it has ended, before the next is begun, and
# marks the place in what is printed.
# shellcheck disable=SC2154 # named by whoever renders it: mark

ends=${0%.script}.ends
next() {
  made=
  [ -e "$ends" ] || made=${ends%/*}
  printf '%s\n' "$1" >>"$ends" && sync "$ends" ${made:+"$made"} || {
    echo "how it has ended cannot be written down in $ends: nothing after it is begun" >&2
    exit 71
  }
  printf '%s %s\n' "$mark" "$1"
  printf '%s\n' "$mark" >&2
}
