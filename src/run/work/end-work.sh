# Ends its process group, and says whether there was something to end; what says how it ended outlives the TERM. (`kill`
# as dash, bash and busybox all understand it.)
# Arguments: run, name, and anything where it is to end whatever it takes.
# shellcheck disable=SC2154 # of what it sources: group

w=$PLIMSOLL_STATE/runs/$1/$2
. ./standing.sh
[ -s "$w.script" ] && [ -e "$w.status" ] || exit 0
# `until_it TEST TENTHS` waits until it is so.
gone() { ! lives; }
known() { ! lives || [ -n "$group" ]; }
until_it() {
  n=0
  while ! "$1" && [ "$n" -lt "$2" ]; do
    sleep 0.1
    n=$((n + 1))
  done
}
# It has only just been begun.
until_it known 50
lives && [ -n "$group" ] && kill -TERM "-$group" && echo told || exit 0
until_it gone 50
if [ -n "$3" ] && lives; then
  kill -KILL "-$group"
  until_it gone 100
fi
