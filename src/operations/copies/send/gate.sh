# What a source may do at the destination of its copy, and nothing else: the one forced command of its key. Whatever
# it asks for is compared with what it may ask for; nothing of it is executed.
#
# `begin`: the destination holds nothing but this copy, which is written down; `ready`, or `doubtful` when something
# may have been written there by others, or lost by a restart. One of the rsync commands: that, in the destination.
# `end STATE`: the copy is complete. `revoke`: the source is not let in any more.
#
# Before it grant.sh puts `asked`, what is asked for; the environment; and as arguments: destination, what is copied,
# seconds since the epoch until when, own or anything (what may be replaced), the rsync commands: two that write, and
# three that compare; and which directory the destination is (as `enter` takes it).
# shellcheck disable=SC2154 # stands before it: asked

trap '' HUP
. ../../../shell/no.sh
directory=${0%/*}
. ../../../facts/copies/copied.sh
. ../../../facts/copies/inside.sh
state=${directory%/receiving/*}
to_is=${10} scratch=
. ../keep.sh
label=$2 until=$3 trust=$4
revoke() { /bin/sh "$directory/revoke"; }
remember() { text=$(cat -- "$mine") && keep "$state/copied/$name" "${text%?}${1:+,\"source\":\"$1\"},\"left\":\"$(state_of .)\"}"; }
if [ "$asked" = revoke ]; then
  revoke
  exit
fi
known=
for allowed in begin "$5" "$6" "$7" "$8" "$9"; do [ "$asked" != "$allowed" ] || known=yes; done
case $asked in 'end '*) case ${asked#end } in *[!0-9.\ ]*) ;; *) known=yes ;; esac ;; esac
[ -n "$known" ] || no "this key is only for the copy of $label to $1"
[ "$(date +%s)" -lt "$until" ] || {
  revoke
  no "the time for this copy is over"
}
copy_of "$label" "$1" || no "$1 is not there as it was planned for"
exec 8>>"$directory/lock"
flock -w 120 8 || no "an earlier connection still writes to $to"
find_own
case $asked in
  begin)
    answer=ready
    for at in "$state"/copies/*; do
      [ -f "$at" ] && [ "$at" != "$mine" ] || continue
      case $(cat -- "$at") in *"\"to\":\"$(json "$to")\",\"inode\":\"$(stat -c %i .)\",\"born\":$born,"*) [ "$trust" = anything ] && rm -f -- "$at" || no "another copy into $to was begun: $(cat -- "$at")" ;; esac
    done
    if [ -n "$mine" ]; then
      case $(cat -- "$mine") in *'"found":"else"'*) [ "$trust" = anything ] || no "$to held something else before the copy was begun" ;; esac
      if occupied && ! as_left || [ "$(stat -c %Y -- "$mine")" -lt "$(sed -n 's/^btime //p' /proc/stat)" ]; then answer=doubtful; fi
    else
      found=nothing mode=$(stat -c %a .)
      while [ "${#mode}" -lt 4 ]; do mode=0$mode; done
      if occupied; then
        if as_left; then
          found=part
        elif [ "$trust" = anything ]; then
          found=else answer=doubtful
        else
          no "$to is not empty, and what is there is no copy of $label"
        fi
      fi
      mine=$state/copies/$name
      keep "$mine" "$key\"found\":\"$found\",\"owner\":\"$(stat -c %u:%g .)\",\"mode\":\"$mode\"}"
    fi
    [ $answer = doubtful ] || touch -- "$mine"
    echo $answer
    ;;
  'end '*)
    [ -n "$mine" ] || no "no copy was begun"
    sync -f . && remember "${asked#end }" && rm -f -- "$mine" || no "the copy could not be written down"
    ;;
  "$5" | "$6")
    [ -n "$mine" ] || no "no copy was begun"
    from=
    inside rw 'set -f; exec $1' "$asked"
    status=$?
    # Only this has written here, however it has ended.
    sync -f . && remember
    exit "$status"
    ;;
  "$7" | "$8" | "$9")
    from=
    inside ro 'set -f; exec $1' "$asked"
    ;;
esac
