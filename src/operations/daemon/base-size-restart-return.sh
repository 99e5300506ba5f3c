root=$1 before=$2 file=$3 backup=$4
. ./base-size-restart-functions.sh
if [ "$(base)" = "$before" ]; then
  if [ -n "$backup" ]; then cp -p -- "$backup" "$file.plimsoll" && mv -f -- "$file.plimsoll" "$file"; else rm -f -- "$file"; fi
  sync "${file%/*}"
fi
docker version --format '{{.Server.Version}}' >/dev/null 2>&1 && [ "$(base)" != "$before" ] && exit 0
restart_daemon && answers
