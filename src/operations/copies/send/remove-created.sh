# Removes a volume that create-to-receive.sh has made, if it is empty. One that is not there is success.
# Arguments: as of that, without a ticket.

state=${PLIMSOLL_STATE:-/var/lib/plimsoll} id=$1
shift
. ./ticket.sh
void_ticket
found=$(docker volume inspect --format "{{.Mountpoint}} {{index .Labels \"$3\"}}" "$1" 2>&1) || {
  case $found in *[Nn]'o such volume'*) exit 0 ;; esac
  printf '%s\n' "$found" >&2
  exit 1
}
[ "${found#* }" = "$2" ] || no "the volume $1 was not made for this copy"
[ -z "$(ls -A -- "${found%% *}")" ] || no "the volume $1 is not empty"
docker volume rm -- "$1"
