# What a piece of work has printed, whole. Arguments: run, name.

d=$PLIMSOLL_STATE/runs/$1/$2
[ ! -e "$d/out" ] || cat "$d/out"
[ ! -e "$d/err" ] || cat "$d/err" >&2
