# `clear_beside` removes what a failure of power has left of an earlier one. `beside` enters a new directory of our own
# in the working directory; what is written to `./.part` there is put in place by `put_in_place NAME MODE [OWNER]`, and
# `leave_beside` clears away what is left of it.
# shellcheck disable=SC2154 # of whoever sources it: beside_is, beside_up

clear_beside() (
  set +f
  for beside_old in ./.plimsoll.??????????; do
    [ -d "$beside_old" ] && [ ! -L "$beside_old" ] && [ -O "$beside_old" ] &&
      (cd -P "$beside_old" && beside_look && [ "$beside_up" = "$beside_was" ] && [ -O . ] && beside_closed && rm -f ./.part) && rmdir "$beside_old"
  done 2>/dev/null
  :
)
beside() {
  beside_look && beside_was=$beside_is && clear_beside && beside_own=$(umask 077 && mktemp -d ./.plimsoll.XXXXXXXXXX) && cd -P "$beside_own" &&
    beside_look && [ "$beside_up" = "$beside_was" ] && [ -O . ] && beside_closed || {
    beside_no "no directory of our own can be made beside ${1:-it}"
    return
  }
}
put_in_place() {
  case $1 in
    '' | . | .. | */*)
      beside_no "$1 is not the name of a file"
      return
      ;;
  esac
  { [ -z "${3-}" ] || chown -h "$3" ./.part; } && chmod "$2" ./.part && sync ./.part && mv -f -T ./.part "../$1" && sync ..
}
leave_beside() {
  rm -f ./.part
  cd -P .. && rmdir "$beside_own" 2>/dev/null
}
