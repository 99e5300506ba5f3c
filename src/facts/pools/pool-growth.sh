# What is known of a growth with the daemon stopped, without asking the daemon.

stopped=${PLIMSOLL_STATE:-/var/lib/plimsoll}/stopped
echo "$stopped"
if [ -f "$stopped/pool" ]; then
  text=$(cat -- "$stopped/pool") || exit 1
  printf '%s\n' "$(printf %s "$text" | tr '\n' ' ')"
else
  echo
fi
systemctl is-active docker.service 2>/dev/null
for unit in docker.service docker.socket; do
  systemctl show --property RequiredBy --property BoundBy --property ConsistsOf "$unit" 2>/dev/null
done | sed 's/^[^=]*=//' | tr ' ' '\n' | sort -u | while read -r unit; do
  case $unit in '' | docker.service | docker.socket) continue ;; esac
  [ "$(systemctl is-active "$unit" 2>/dev/null)" != active ] || printf 'unit %s\n' "$unit"
done
echo end
