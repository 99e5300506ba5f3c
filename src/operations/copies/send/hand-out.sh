# Gives a ticket, as ticket.sh says. Argument: copy.

umask 077
id=$1 state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
case $id in
  '' | *[!0-9a-f]*)
    echo "that is no name of a copy: $id" >&2
    exit 1
    ;;
esac
mkdir -p -- "$state/receiving" || exit 1
word=$(od -An -vN16 -tx1 /dev/urandom | tr -d ' \n') && printf '%s\n' "$word" >"$state/receiving/$id.ticket" && printf %s "$word"
