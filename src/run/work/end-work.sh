# Ends its process group, and says whether there was something to end; the keeper outlives the TERM, to say how it
# ended. (`kill` as dash, bash and busybox all understand it.)
# Arguments: run, name, and anything where it is to end whatever it takes.

d=$PLIMSOLL_STATE/runs/$1/$2
lives() { [ ! -e "$d/status" ] && ! flock -n -s "$d/alive" true; }
await() { flock -w "$1" -s "$d/alive" true; }
[ -e "$d/alive" ] && lives && read -r pid <"$d/pid" || exit 0
kill -TERM "-$pid" && echo told || exit 0
await 5
if [ -n "$3" ] && lives; then kill -KILL "-$pid"; await 10; fi
