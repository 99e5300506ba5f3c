# `no REASON` ends a script that cannot do what it is for.

no() {
  printf '%s\n' "$*" >&2
  exit 1
}
