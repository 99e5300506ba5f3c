# `beside_look` sees which directory the working directory is, and who may write to it.
# shellcheck disable=SC2034 # for whoever sources it: beside_is, beside_up
# shellcheck disable=SC2046 # the words of what is printed are wanted

beside_look() {
  set -- $(stat -c '%d:%i %u %A' . ..) && [ "$#" = 6 ] || return 1
  beside_is=$1 beside_uid=$2 beside_mode=$3 beside_up=$4
}
beside_closed() { case $beside_mode in d????-??-*) ;; *) return 1 ;; esac }
beside_ours() { [ "$beside_uid" = 0 ] || [ -O . ]; }
