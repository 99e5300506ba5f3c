# Functions about the line of copy `$id` in `$keys`, a file of `$user`. Nothing is put through a link, and the file is
# replaced as a whole, by `replace`, if nobody has changed it since `alone`. ticket.sh, whose `no` this needs, comes too.
# shellcheck disable=SC2154 # of whoever sources it: id, keys, state, user
# shellcheck disable=SC2174 # only the last directory is ours

others_lines() { if [ -e "$keys" ]; then awk -v mark=" plimsoll-copy-$id" 'substr($0, length($0) - length(mark) + 1) != mark' "$keys"; fi; }
own() { [ "$(id -un)" = "$user" ] || chown -h "$user:" -- "$1"; }
. ../../../shell/write-beside.sh
replace() (
  umask 077
  [ ! -L "${keys%/*}" ] && beside_in "$keys" && [ ! -L "./${keys##*/}" ] || no "$keys is a symbolic link, or lies in one"
  beside "$keys" || exit 1
  trap leave_beside EXIT
  trap 'exit 143' TERM INT
  cat >./.part || no "$keys could not be written"
  mode=600 owner=
  if [ -e "$keys" ]; then mode=$(stat -c %a -- "$keys") && owner=$(stat -c %u:%g -- "$keys") && [ "$(cksum <"$keys")" = "$was" ]; else own ./.part; fi &&
    put_in_place "${keys##*/}" "$mode" "$owner" || no "$keys could not be replaced, or somebody else was changing it"
)
# Whoever was alone before may have removed the file that was waited for.
alone() {
  until
    mkdir -p -m 700 -- "$state/receiving" && exec 9>>"$state/receiving/.lock" && flock -w 20 9 || no "another copy is being allowed or ended at this moment"
    [ "$(stat -c %i -- "$state/receiving/.lock" 2>/dev/null)" = "$(stat -L -c %i /proc/self/fd/9)" ]
  do
    :
  done
  was=$([ ! -e "$keys" ] || cksum <"$keys")
}
