# Fails if more is used by now than is wanted.
# Arguments: the mount point of the file system, the project, KiB.

used=$(xfs_quota -x -c 'report -p -n -b -N' "$1" | sed -n "s/^#$2  *\([0-9]*\) .*/\1/p")
case $used in
  '' | *[!0-9]*)
    echo "what project $2 uses cannot be read" >&2
    exit 1
    ;;
esac
[ "$used" -le "$3" ] || {
  echo "$used KiB are used by now, more than the $3 KiB wanted" >&2
  exit 1
}
