# What the scripts of a replacement have in common. `all` are the numbers of the containers, `use N` makes N the one
# that is meant: `old` its id, `name`, `newname`, `oldname`, `restart` its policy, `was` running or not, and what is
# written down of an attempt: `step` and `new`. Nothing is done that was not written down before, on the disk.
#
# Between the stop of the old ones and the start of the new ones nobody is served, so nothing is done there that can be
# done before: the new ones are made, connected and compared, and `stopping` is written down for all that follows, up to
# `done`. How far that has come is told by Docker's own records (their names, and whether a new one was ever started).
#
# Which of them start by themselves where the power fails (moby's restore: whose policy says so, if it has run before;
# with `always` also one that was stopped by hand; seen with 20.10 and 28):
# - A new one has its policy from the beginning. It has never run, so no daemon starts it, until `docker start` has;
#   from then on it does. To set it later would be one more program in between, or leave a moment in which what is served
#   would not come back.
# - The old one gives its policy up as the last thing before it is stopped. Any later it would be the one that `always`
#   brings back beside the new one, on one volume. So from here to the start of the new one neither starts by itself:
#   resume goes on, or back. Both never do.
# shellcheck disable=SC2154 # of whoever sources it: all, name, newname, old, oldname
# shellcheck disable=SC2034 # for comparison.sh: nl
# shellcheck disable=SC2174 # only the last directory is ours

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
umask 077
export LC_ALL=C
nl='
'
trap : HUP INT TERM
. ./engine.sh
. ../../../facts/containers/layer-writes.sh
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
. ./inspect.sh
use() {
  new='' step='' settled=
  "container_$1"
  file=$state/replacing/$old from=$state/replacing/$old
  [ -f "$from" ] || {
    from=$state/replaced/$old
    settled=1
  }
  [ -f "$from" ] || {
    settled=
    return 0
  }
  while read -r key value; do
    case $key in restart) restart=$value ;; was) was=$value ;; new) new=$value ;; step) step=$value ;; esac
  done <"$from"
  [ -z "$settled" ] || step=
  eval "made=\$made_$1"
  [ -z "$made" ] || new=$made
}
# Whole in its place, which is on the disk once the directories are written through, too.
written() {
  step=$1
  { [ -d "$state/replacing" ] && [ -d "$state/replaced" ] || mkdir -p -m 700 -- "$state/replacing" "$state/replaced"; } &&
    printf 'name %s\nrestart %s\nwas %s\nnew %s\nstep %s\n' "$name" "$restart" "$was" "$new" "$step" >"$state/replacing/.$old" &&
    sync "$state/replacing/.$old" && mv -f -- "$state/replacing/.$old" "$file"
}
note() { written "$1" && sync "$state/replacing" "$state"; }
remember() { note "$1" || fail "what is to be done with $name cannot be written down in $state"; }
forget() { rm -f -- "$file" && sync "$state/replacing"; }
# The new one: by its id, or by its name where the id could not be written down any more.
# Fails where that cannot be told.
find_new() {
  [ -z "$new" ] || of "$new" '{{.Id}}' >/dev/null || { [ $? = 1 ] && new=; } || return 1
  [ -n "$new" ] || [ "$step" != creating ] || new=$(of "$newname" '{{.Id}}') || { [ $? = 1 ] && new=; }
}
started() { [ -n "$new" ] && case $(of "$new" '{{.State.StartedAt}}') in '' | 0001-*) return 1 ;; esac }
# Hundredths of a second of the clock that nobody sets, in `ticks`. It costs no program.
clock() { read -r ticks _ </proc/uptime && ticks=$((${ticks%.*} * 100 + 1${ticks#*.} - 100)); }
seconds() { printf '%d.%02d' "$(($1 / 100))" "$(($1 % 100))"; }
running() { [ "$(of "$1" '{{.State.Running}}')" = true ]; }
# Not the same as not running, where that cannot be read.
stopped() { [ "$(of "$1" '{{.State.Running}}')" = false ]; }
# The same of one that ran as the process PID when it was looked at: that it is gone needs no daemon to say so.
ended() { { [ -n "$2" ] && [ ! -e "/proc/$2" ]; } || stopped "$1"; }
policy() { docker update --restart="$2" -- "$1" >/dev/null; }
named() { [ "$(of "$1" '{{.Name}}')" = "/$2" ] || docker rename "$1" "$2"; }
# The old one as it was. The names must be free.
bring_back() {
  named "$old" "$name" && policy "$old" "$restart" || return 1
  [ "$was" != running ] || running "$old" || { docker start "$old" >/dev/null && running "$old"; }
}
# Back from wherever an attempt has come to. A new one that has run may hold what the old one never had: it is stopped
# and kept.
restore() {
  [ -n "$step" ] || return 0
  find_new || return 1
  if started; then
    # Or whoever goes on after a cut would take it for one to go forward with, beside the old one that runs again. Without
    # room for that it is brought back all the same.
    [ "$step" = undoing ] || note undoing || :
    policy "$new" no && { stopped "$new" || docker stop "$new" >/dev/null; } && named "$new" "$newname" || return 1
    kept="$kept $newname"
  elif [ -n "$new" ]; then
    docker rm -- "$new" >/dev/null || return 1
  fi
  case $step in creating) ;; *) bring_back || return 1 ;; esac
  forget
}
restore_all() {
  back=0
  for c in $all; do
    use "$c"
    restore || {
      back=1
      printf '%s could not be brought back; plimsoll resume tries it again. By hand: rename %s back to it, docker update --restart=%s, docker start\n' "$name" "$oldname" "$restart" >&2
    }
  done
  [ -z "$kept" ] || printf 'kept, stopped, because it has run and may have written:%s\n' "$kept" >&2
  return "$back"
}
finished='' kept='' work=
at_exit() {
  status=$?
  trap '' HUP INT TERM
  [ -n "$finished" ] || undo_attempt
  # Whoever still looks through a layer writes there.
  wait
  [ -z "$work" ] || rm -rf -- "$work"
  exit "$status"
}
trap at_exit EXIT
work=$(engine_directory) || fail "there is no room for a working directory"
engine_version || fail "the daemon does not say which API it has"
