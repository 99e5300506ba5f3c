# `keep FILE TEXT`: a small file is on the disk, or nothing has happened.
# shellcheck disable=SC2174 # only the last directory is ours

keep() {
  keep_as=${1%/*}/.${1##*/}
  mkdir -p -m 700 -- "${1%/*}" && rm -f -- "$keep_as" && (
    umask 077
    set -C
    printf '%s\n' "$2" >"$keep_as"
  ) && sync -- "$keep_as" && mv -f -T -- "$keep_as" "$1" && sync -- "${1%/*}" || no "$1 could not be written"
}
