# What there is of each storage driver. Arguments: Docker's root directory, and a file to be read, or nothing.
# Of a container's record (container/container.go, volume/mounts/mounts.go of moby, whose fields come in the order in
# which they are declared) only pairs of a name and a driver are printed: its own, where the name has a slash, and its
# volumes'. The rest of it may hold secrets.
# shellcheck disable=SC2010 # names of directories of Docker, which are hexadecimal

fs=$(stat -f -c %T -- "$1") || exit 1
printf 'fs %s\n' "$fs"
[ "$fs" != xfs ] || printf 'ftype %s\n' "$(xfs_info -- "$(findmnt -n -o TARGET -T "$1" 2>/dev/null)" 2>/dev/null | sed -n 's/.*ftype=\([01]\).*/\1/p')"
if grep -qw overlay /proc/filesystems || modinfo overlay >/dev/null 2>&1; then echo 'overlay yes'; else echo 'overlay no'; fi
for images in "$1"/image/*/imagedb/content/sha256; do
  [ -d "$images" ] || continue
  driver=${images#"$1"/image/}
  printf 'images %s %s\n' "${driver%%/*}" "$(ls -- "$images" | grep -c .)"
done
cd -- "$1/containers" 2>/dev/null && grep -oH '"Name":"[^"]*","Driver":"[^"]*"' -- */config.v2.json 2>/dev/null | sed 's/^/record /'
echo end
[ -n "$2" ] && [ -f "$2" ] && printf 'backup\n' && cat -- "$2" && printf end
exit 0
