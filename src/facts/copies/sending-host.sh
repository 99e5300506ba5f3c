# A host as the source of a copy that it pushes to another host. Arguments: the other host's address, the copy's name.

command -v ssh >/dev/null 2>&1 && command -v ssh-keygen >/dev/null 2>&1 && echo ssh
# Of a name the first address, as ssh takes it.
to=$(getent ahosts "$1" 2>/dev/null | awk 'NR == 1 { print $1 }')
ip -o route get "${to:-$1}" 2>/dev/null | sed -n 's/.* src \([0-9a-fA-F.:]*\).*/address \1/p'
directory=${PLIMSOLL_STATE:-/var/lib/plimsoll}/sending/$2
[ ! -e "$directory" ] || echo left
printf 'directory %s\n' "$directory"
