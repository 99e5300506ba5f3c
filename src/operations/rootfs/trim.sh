# Gives the blocks of the pool back that a container's file system does not use any more, and notes how many they were,
# and how much of the device is still mapped beyond what the file system uses. Arguments: the thin device's name, the
# container's pid, the pool's name, the bytes of one of its blocks.
# Our mount is what is trimmed: fstrim makes its path canonical, so that /proc/PID/root would be the host's own root.
# Both mounts are looked up by their device numbers, so that it is this container's file system and no other.
# `dmsetup status` without --noflush has the pool commit what it has freed, so that it is counted.

. ../../shell/write-beside.sh
name=$1 pid=$2 pool=$3 block=$4
directory=/var/lib/plimsoll/mnt/$name note=/var/lib/plimsoll/trimmed/$name
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
ours() {
  while read -r _ _ number _ at _; do
    case $at in */plimsoll/mnt/"$name") echo "$number" ;; esac
  done </proc/self/mountinfo | tail -n 1
}
theirs() { while read -r _ _ number _ at _; do [ "$at" != / ] || echo "$number"; done <"/proc/$pid/mountinfo" | tail -n 1; }
is=$((0x$(stat -L -c %t "/dev/mapper/$name"))):$((0x$(stat -L -c %T "/dev/mapper/$name")))
[ "$(ours)" = "$is" ] || fail "what is mounted at $directory is not $name"
[ "$(theirs)" = "$is" ] || fail "the root of process $pid is not on $name: the container is another one by now"

field() { dmsetup status "$2" | cut -d ' ' -f "$1"; }
used() {
  of=$(field 6 "$pool")
  of=${of%/*}
  case $of in '' | *[!0-9]*) fail "dmsetup status $pool is not understood" ;; esac
  echo "$of"
}
sync -f "$directory" || fail "what is written to $name could not be brought to it"
before=$(used) || exit 1
if command -v ionice >/dev/null 2>&1; then set -- ionice -c3; else set --; fi
"$@" fstrim "$directory" || fail "fstrim has failed"
after=$(used) || exit 1
given=$(((before - after) * block))
[ "$given" -ge 0 ] || given=0
mapped=$(field 4 "$name")
taken=$(df -B1 --output=used "$directory" | tail -n 1 | tr -d ' ')
case $mapped$taken in '' | *[!0-9]*) fail "how much of $name is still mapped cannot be told" ;; esac
spare=$((mapped * 512 - taken))
[ "$spare" -ge 0 ] || spare=0
echo "the pool has $given bytes less in use"

# A note that cannot be kept (a full disk, which this may be for) is no reason to fail. Those of devices that are gone
# go.
(beside_in "$note" own make && for old in *; do [ -e "/dev/mapper/$old" ] || rm -f "./$old"; done) &&
  printf '%s %s\n' "$given" "$spare" | write_beside "$note" 0600 || echo "that could not be noted at $note" >&2
exit 0
