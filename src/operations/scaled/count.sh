# How many volumes have a name. Argument: the name.

all=$(docker volume ls -q) || exit 1
printf '%s\n' "$all" | grep -Fxc -e "$1" || true
