# What a piece of work has printed, whole. Arguments: run, name.

w=$PLIMSOLL_STATE/runs/$1/$2
[ ! -s "$w.out" ] || cat -- "$w.out"
[ ! -s "$w.err" ] || cat -- "$w.err" >&2
