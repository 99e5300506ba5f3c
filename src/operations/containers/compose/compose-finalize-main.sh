# What is kept of the old container is removed. The override stays: it is what makes the container what it is.
# shellcheck disable=SC2154 # of whoever sources it: name, old, state
# shellcheck disable=SC2034 # for whoever sources it: finished

[ -z "$step" ] || fail "Compose has not come to the end of making $name anew"
rm -rf -- "$state/composed/$old" && { [ ! -d "$state/composed" ] || sync "$state/composed"; } || fail "what is kept of $name could not be removed"
finished=1
exit 0
