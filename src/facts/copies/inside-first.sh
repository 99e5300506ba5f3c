# The first process in there. Arguments: the text, and its arguments.
# shellcheck disable=SC2154 # named by whoever renders or sources it: from, scratch

[ -z "$to" ] || cd -- "$to" || exit 1
# The first process of a namespace heeds only signals that it has asked for; when it ends, all others there do.
exec env -i "PATH=$PATH" "LC_ALL=${LC_ALL-}" "TMPDIR=${TMPDIR-}" "from=$from" "to=$to" "scratch=$scratch" /bin/sh -c 'exec 6<&0
trap "exit 143" TERM INT HUP
/bin/sh -c "$@" <&6 6<&- &
wait "$!"' sh "$@"
