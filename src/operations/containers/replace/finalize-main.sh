# Removes the old ones; never a volume, and nothing that runs or is not as it was left.
# shellcheck disable=SC2154 # of whoever sources it: all, name, old, oldname, state
# shellcheck disable=SC2034 # for whoever sources it: finished

undo_attempt() { :; }
for c in $all; do
  use "$c"
  [ -z "$step" ] || fail "the replacement of $name has not come to its end"
  [ -n "$settled" ] || continue
  if [ -n "$(of "$old" '{{.Id}}')" ]; then
    [ "$(of "$old" '{{.Name}} {{.State.Running}}')" = "/$oldname false" ] || fail "$oldname is not as it was left: it runs, or has another name"
    docker rm -- "$old" >/dev/null || fail "$oldname could not be removed"
  fi
  rm -f -- "$state/replaced/$old" && sync "$state/replaced"
done
finished=1
exit 0
