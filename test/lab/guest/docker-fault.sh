#!/bin/sh
# In the place of docker: counts the calls that a piece of work makes, and at the one of the number in /run/fault/at
#   fail    says nothing and fails
#   before  ends the whole work with SIGKILL before the call is made
#   after   the same when the call has been made
real=/usr/bin/docker
[ -f /run/fault/how ] && [ ! -f /run/fault/done ] || exec $real "$@"
read -r _ _ _ _ _ session _ </proc/$$/stat
tr '\0' '\n' <"/proc/$session/cmdline" | grep -q '^/var/lib/plimsoll/runs/' || exec $real "$@"
printf '%s ' "$1" "$2" "$3" | tr '\n' ' ' >>/run/fault/calls
echo >>/run/fault/calls
[ "$(wc -l </run/fault/calls)" -eq "$(cat /run/fault/at)" ] || exec $real "$@"
: >/run/fault/done
case $(cat /run/fault/how) in
fail) exit 1 ;;
after) $real "$@" ;;
esac
exec pkill -KILL -s "$session"
