# `inside WAY TEXT ARGUMENT…` runs a shell's text where nothing can be reached but the host's programs, the directory
# `$from` (read only), the directory `$to` (WAY: `rw` or `ro`) and `$scratch` (entered-directory.ts).

. ./enter.sh
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
  [ -z "$scratch" ] || { TMPDIR=$scratch; export TMPDIR; }
  if may_confine; then
    command -v unshare >/dev/null 2>&1 || { echo "the host has no unshare (util-linux), with which a copy keeps to its directories" >&2; exit 1; }
    exec unshare -m -p -f /bin/sh -c "$inside_root" plimsoll-inside "$way" "$text" "$@"
  fi
  if [ -n "$from" ]; then enter "$from" "$from_is" && exec 5<. && from=/proc/self/fd/5/. || exit 1; fi
  if [ -n "$to" ]; then enter "$to" "$to_is" && to=. || exit 1; fi
  exec /bin/sh -c "$text" sh "$@"
)
