# What the daemon says about itself, and whether systemd runs it.

command -v docker >/dev/null 2>&1 || exit 127
docker info --format '{{json .}}' || exit 3
printf '\n'
systemctl show --property LoadState docker.service 2>/dev/null
exit 0
