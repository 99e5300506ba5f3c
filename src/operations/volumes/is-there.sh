# `is_there VOLUME`: 0 or 1; the shell ends when Docker cannot be asked.

is_there() {
  all=$(docker volume ls -q) || exit 1
  printf '%s\n' "$all" | grep -Fqx -e "$1"
}
. ../../shell/no.sh
