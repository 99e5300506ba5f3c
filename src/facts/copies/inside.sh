# `inside WAY TEXT ARGUMENT…` runs a shell's text where nothing can be reached but the host's programs, the directory
# `$from` (read only), the directory `$to` (WAY: `rw` or `ro`) and `$scratch`, each left out where it is empty. They are
# the ones that `$from_is` and `$to_is` identify (as for `enter`) and have their own paths there, so that messages name
# those.
# rsync, cp and tar open `a/b/c` by its name: a container that puts a symbolic link in the place of `a/b` between their
# look at it and that would have root copy any file of the host to where the container can read it, or write to any.
# Here a link out of the two directories leads nowhere.
# Without CAP_SYS_ADMIN there are no such namespaces; but whoever lacks that cannot run containers either, and cannot be
# led to more than it may. Then both directories are held open meanwhile, and no path of theirs is used again.
# How far it is can be measured from outside, while `$measure` says what is (noted.sh).

. ./enter.sh
. ./noted.sh
inside_root=$(cat ./inside-root.sh)
may_confine() {
  caps=$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)
  case ${caps%?????} in *[2367abef]) return 0 ;; esac
  return 1
}
inside() (
  way=$1 text=$2
  shift 2
  : "${from=}" "${to=}" "${from_is=}" "${to_is=}" "${scratch=}"
  export from to from_is to_is scratch
  [ -z "$scratch" ] || {
    TMPDIR=$scratch
    export TMPDIR
  }
  noted
  if may_confine; then
    command -v unshare >/dev/null 2>&1 || {
      echo "the host has no unshare (util-linux), with which a copy keeps to its directories" >&2
      exit 1
    }
    exec unshare -m -p -f /bin/sh -c "$inside_root" plimsoll-inside "$way" "$text" "$@"
  fi
  if [ -n "$from" ]; then enter "$from" "$from_is" && exec 5<. && from=/proc/self/fd/5/. || exit 1; fi
  if [ -n "$to" ]; then enter "$to" "$to_is" && to=. || exit 1; fi
  exec /bin/sh -c "$text" sh "$@"
)
