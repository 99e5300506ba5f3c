# Creates a volume for a copy from another host. Of one that is there already `docker volume create` says nothing,
# whatever label that has.
# Arguments: a ticket, the copy, the volume, what is copied, the label that says so.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll} word=$1 id=$2
shift 2
. ./ticket.sh
use_ticket "$word"
label() { docker volume inspect --format "{{index .Labels \"$2\"}}" "$1"; }
listed=$(docker volume ls -q) || exit 1
printf '%s\n' "$listed" | grep -Fqx -e "$1" || docker volume create --driver local --label "$3=$2" "$1" || exit 1
is=$(label "$1" "$3") || exit 1
[ "$is" = "$2" ] || no "the volume $1 is there, and was not made for this copy"
