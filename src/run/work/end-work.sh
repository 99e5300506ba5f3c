# Ends its process group, and says whether there was something to end; what says how it ended outlives the TERM. (`kill`
# as dash, bash and busybox all understand it.)
# Arguments: run, name, and anything where it is to end whatever it takes.

w=$PLIMSOLL_STATE/runs/$1/$2
[ -s "$w.script" ] && [ -e "$w.status" ] || exit 0
exec 8<"$w.script"
# Its lock is let go of when it has ended.
lives() {
  read -r pid status <"$w.status"
  [ -n "$pid" ] && [ -z "$status" ] && ! flock -n -s 8
}
await() { flock -w "$1" -s 8; }
# It has only just been begun.
n=0
while
  read -r pid status <"$w.status"
  [ -z "$pid" ] && [ "$n" -lt 50 ] && ! flock -w 0.1 -s 8
do
  n=$((n + 1))
done
lives || exit 0
kill -TERM "-$pid" && echo told || exit 0
await 5
if [ -n "$3" ] && lives; then
  kill -KILL "-$pid"
  await 10
fi
