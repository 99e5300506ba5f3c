# What lies on a container's thin device, and what Docker has stored about it. Arguments: the device's name, the path of
# Docker's record, the container's pid (0: not running).
# A mounted XFS is asked through its own interface, because the superblock on the device may lag; ext's is coherent with
# the device. `/proc/PID/root` is used because the mount may be visible in no other mount namespace than the
# container's.

device=/dev/mapper/$1 record=$2 pid=$3
if [ -e "$device" ]; then
  printf 'bytes %s\n' "$(blockdev --getsize64 "$device" 2>/dev/null)"
  printf 'superblock %s\n' "$(dd if="$device" bs=4096 count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n')"
fi
[ -e "$record" ] || {
  printf 'record missing\n'
  exit 0
}
printf 'mode %s\n' "$(stat -c %a -- "$record")"
printf 'record %s\n' "$(dd if="$record" bs=4096 count=1 2>/dev/null | od -An -v -tx1 | tr -d ' \n')"
if [ "$pid" != 0 ]; then
  printf 'df %s\n' "$(df -B1 --output=size,used,avail "/proc/$pid/root/" 2>/dev/null | tail -n 1)"
  printf 'xfs\n'
  xfs_io -r -c statfs "/proc/$pid/root/" 2>/dev/null
fi
exit 0
