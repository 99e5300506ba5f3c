# `noted` writes down, for whoever follows the work that this is a part of (run/work/measured.sh), that what the calling
# process becomes, with all that it starts, can be measured: `$measure` is `COUNTER WORD SHARE`. COUNTER tells how far it
# is: what the one of its processes has `written` that has written most (a copy passes from one to the next), or what all
# of them have `read`. WORD says what becomes of the bytes, for people (run/report/progress.ts). SHARE is how many there
# will be: all that `amount ALL REST` has said there are, `once` or `twice`, or the `rest` of them. Without `$measure`, and
# outside of work, nothing is written; and nothing depends on it.
# shellcheck disable=SC2154 # of what it sources: self

. ../../shell/myself.sh
noted() {
  [ -n "${PLIMSOLL_WORK-}" ] && [ -n "${measure-}" ] || return 0
  myself
  { printf '%s %s\n' "$self" "$measure" >"$PLIMSOLL_WORK.doing"; } 2>/dev/null || :
}
amount() {
  [ -n "${PLIMSOLL_WORK-}" ] || return 0
  { printf '%s %s\n' "$1" "$2" >"$PLIMSOLL_WORK.bytes"; } 2>/dev/null || :
}
