# What tells dockerd how to start, and what it has made of it. Argument: Docker's root directory.

dockerd=$(cat /run/docker.pid 2>/dev/null || cat /var/run/docker.pid 2>/dev/null)
[ -n "$dockerd" ] || dockerd=$(pidof -s dockerd 2>/dev/null)
tr '\0' '\n' 2>/dev/null <"/proc/${dockerd:-0}/cmdline" | {
  file=/etc/docker/daemon.json flag=
  while IFS= read -r word; do
    case $flag in --config-file) file=$word ;; --storage-opt) printf 'flag %s\n' "$word" ;; --storage-driver | -s) printf 'driver %s\n' "$word" ;; esac
    flag=$word
    case $word in --config-file=*) file=${word#*=} ;; --storage-opt=*) printf 'flag %s\n' "${word#*=}" ;; --storage-driver=*) printf 'driver %s\n' "${word#*=}" ;; esac
  done
  printf 'path %s\nbase %s\n' "$file" "$(cat -- "$1/devicemapper/metadata/base" 2>/dev/null)"
  [ -e "$file" ] || {
    echo no file
    exit 0
  }
  printf 'mode %s\n' "$(stat -c %a -- "$file")"
  printf 'text\n' && cat -- "$file" && printf end
}
