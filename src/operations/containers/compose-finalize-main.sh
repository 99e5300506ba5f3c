[ -z "$step" ] || fail "Compose has not come to the end of making $name anew"
rm -rf -- "$state/composed/$old" && { [ ! -d "$state/composed" ] || sync "$state/composed"; } || fail "what is kept of $name could not be removed"
finished=1
exit 0
