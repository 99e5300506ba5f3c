# Compose makes the container as it was. What the new one has written to its own layer would be lost.
# shellcheck disable=SC2154 # of whoever sources it: at, name, old, override, state
# shellcheck disable=SC2034 # for whoever sources it: finished
# shellcheck disable=SC2174 # only the last directory is ours

undo() {
  bring_back
  case $? in
    0)
      finished=1
      exit 0
      ;;
    2) exit 1 ;;
  esac
  [ ! -f "$override" ] || ! after up || ! runs_as_named || echo "$name runs as it did before this rollback" >&2
  exit 1
}
[ -z "$step" ] || undo
[ -f "$state/composed/$old/about" ] || {
  finished=1
  exit 0
}
new=$(sed -n 's/^new //p' "$state/composed/$old/about")
[ "$(only)" = "$new" ] || fail "$name is another container now: somebody has made it anew since"
untouched "$new" || fail "$name has written to its own layer, which would be lost"
[ "$(before digest_of)" = "$(cat "$state/composed/$old/hash")" ] || fail "the files of the project have changed since: they would not make $name as it was"
before alone || fail "nothing is undone"
remember back '' "$state/composed/$old"
mkdir -p -m 700 -- "$state/composing" && mv -T -- "$state/composed/$old" "$at" && sync "$state/composed" "$state/composing" || fail "it could not be written down that $name is made as it was"
undo
