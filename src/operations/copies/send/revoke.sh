# Takes away what grant.sh has allowed, or may be about to. Nothing to do is success.
# Arguments: copy, user, their file.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll} id=$1 user=$2 keys=$3
. ./keys.sh
. ./ticket.sh
void_ticket
[ -e "$state/receiving/$id" ] || grep -q " plimsoll-copy-$id\$" "$keys" 2>/dev/null || exit 0
alone
if [ -e "$keys" ] && grep -q " plimsoll-copy-$id\$" "$keys"; then
  if [ -e "$state/receiving/$id/made" ] && [ -z "$(others_lines)" ]; then (beside_in "$keys" && rm -f "./${keys##*/}"); else others_lines | replace; fi
fi
[ ! -e "$state/receiving/$id/made-directory" ] || rmdir -- "${keys%/*}" 2>/dev/null
rm -rf -- "$state/receiving/$id"
rm -f -- "$state/receiving/.lock"
rmdir -- "$state/receiving" 2>/dev/null
exit 0
