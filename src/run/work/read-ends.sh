# The exit statuses of those of a series after which the next was begun. Arguments: run, name.

ends=$PLIMSOLL_STATE/runs/$1/$2.ends
[ ! -e "$ends" ] || cat -- "$ends"
