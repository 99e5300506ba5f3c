# Arguments: run, name, and from where on what it has printed is wanted, of each stream.

w=$PLIMSOLL_STATE/runs/$1/$2
. ./look.sh
look "$3" "$4" sizes
