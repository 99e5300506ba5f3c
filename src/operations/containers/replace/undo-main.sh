# The other way round. What the new ones have written must be nothing, or be known to be worthless: `undo_guard` and
# the layers say so while they are stopped.
# shellcheck disable=SC2154 # of whoever sources it: all, name, newname, old, oldname, state, wanted, was
# shellcheck disable=SC2034 # for whoever sources it: finished

bringing='' gone=
# The new one with its name again. The old one was begun with only for the sake of the undo.
forward_again() {
  if [ -n "$bringing" ]; then
    policy "$old" no && { stopped "$old" || docker stop "$old" >/dev/null; } && named "$old" "$oldname" && named "$new" "$name" || return 1
  fi
  policy "$new" "$wanted" && { [ "$was" != running ] || running "$new" || docker start "$new" >/dev/null; }
}
# Whether all of them can go forward again: no new one is gone, nor was cut before it ran for the first time.
whole() {
  for c in $all; do
    use "$c"
    find_new || return 1
    [ -n "$step$settled" ] && [ -n "$new" ] && { [ "$was" != running ] || started; } || return 1
  done
}
undo_attempt() {
  [ -z "$gone" ] || return 0
  [ -z "$bringing" ] || whole || {
    echo 'it can only go on backwards: plimsoll rollback again' >&2
    return 0
  }
  for c in $all; do
    use "$c"
    [ "$step" = undoing ] || continue
    find_new || continue
    [ -n "$new" ] || continue
    if ! forward_again; then
      printf 'the new %s could not be started again\n' "$name" >&2
    elif [ -f "$state/replaced/$old" ]; then
      forget
    else
      remember stopping
    fi
  done
}
for c in $all; do
  use "$c"
  find_new || fail "whether there is a new $name could not be read"
  [ -n "$step$settled" ] || continue
  [ -n "$(of "$old" '{{.Id}}')" ] || fail "the container that $name was before is gone"
  at=$(of "$name" '{{.Id}}')
  case $at in '' | "$old" | "$new") ;; *) fail "$name is another container now: somebody has replaced it since" ;; esac
done
for c in $all; do
  use "$c"
  find_new || fail "whether there is a new $name could not be read"
  if started; then
    remember undoing
    policy "$new" no && { stopped "$new" || docker stop "$new" >/dev/null; } && stopped "$new" || fail "the new $name could not be stopped"
    look_at "$new" || fail "the new $name could not be read"
    no_writes "$new"
  fi
done
(undo_guard) || fail "nothing is undone"
bringing=1
for c in $all; do
  use "$c"
  [ -n "$step$settled" ] || continue
  find_new || fail "whether there is a new $name could not be read"
  [ "$step" = creating ] || [ "$step" = undoing ] || remember undoing
  [ -z "$new" ] || named "$new" "$newname" || fail "the new $name could not give its name back"
  bring_back || fail "$name could not be started again"
done
# Only now that all the old ones run again.
gone=1
for c in $all; do
  use "$c"
  [ -n "$step$settled" ] || continue
  find_new || fail "whether there is a new $name could not be read"
  [ -z "$new" ] || docker rm -- "$new" >/dev/null || fail "the new $name could not be removed"
  rm -f -- "$state/replaced/$old" && sync "$state/replaced" && forget || fail "it could not be written down that $name is back"
done
finished=1
exit 0
