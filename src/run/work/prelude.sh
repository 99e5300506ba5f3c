# What a compiled script begins with. `fail NUMBER REASON` cleans up and ends it: the action that failed comes last, so
# that nothing before it can be taken for it. `words TEXT` folds white space.
# shellcheck disable=SC2034 # for the script: out, status
# shellcheck disable=SC2154 # named by whoever renders it: failed_status

set -f
out='' status=0
warn() { printf 'plimsoll: could not clean up: %s\n' "$1" >&2; }
fail() {
  at_end
  printf '\nplimsoll-failed: %s\nplimsoll-failed-action %s\n' "$2" "$1" >&2
  exit $failed_status
}
words() {
  set -- $1
  printf '%s' "$*"
}
