# What the laptop has done here for copy `$id`, and must not be done once that copy was ended, needs a ticket: a word
# that hand-out.sh has given for it. Whoever ends the copy voids the ticket first, and waits for what is being done with
# it. So what was sent by a laptop that is gone, and is only reached by a slow host afterwards, does nothing.
# shellcheck disable=SC2154 # of whoever sources it: id, state

. ../../../shell/no.sh
ticket=$state/receiving/$id.ticket
use_ticket() {
  mine=$1
  [ -e "$ticket" ] && exec 7<"$ticket" && flock -w 20 7 && [ "$(cat -- "$ticket" 2>/dev/null)" = "$mine" ] || no "this copy has been ended, or begun anew, since this was sent"
  trap '[ "$(cat -- "$ticket" 2>/dev/null)" != "$mine" ] || rm -f -- "$ticket"' EXIT
}
void_ticket() {
  [ -e "$ticket" ] || return 0
  exec 7<"$ticket" && flock -w 20 7 || no "what was begun here for this copy has not ended"
  rm -f -- "$ticket"
  rmdir -- "${ticket%/*}" 2>/dev/null || :
}
