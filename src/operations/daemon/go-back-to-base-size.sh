# Arguments: Docker's root; the bytes of the base device before; the file; the copy of the old one, or an empty text.
# A base device that has grown stays so, and with the old size in the file the daemon would not start: then the new file
# stays.

root=$1 before=$2 file=$3 backup=$4
. ./base-size.sh
if [ "$(base)" = "$before" ]; then
  if [ -n "$backup" ]; then cp -p -- "$backup" "$file.plimsoll" && mv -f -- "$file.plimsoll" "$file"; else rm -f -- "$file"; fi
  sync "${file%/*}"
fi
docker version --format '{{.Server.Version}}' >/dev/null 2>&1 && [ "$(base)" != "$before" ] && exit 0
restart_daemon && answers
