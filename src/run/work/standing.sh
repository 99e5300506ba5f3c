# `standing` reads what the status of the work `$w` says: `group`, its process group; `is`, the process that runs its
# script; `status`, how it ended; `keeps`, the process that keeps what it prints. `alive PID START BOOT` tells whether a
# process is still the one that was known by these. `lives` tells whether the script runs, or may be about to.
# shellcheck disable=SC2154 # of whoever sources it: w
# shellcheck disable=SC2034 # for whoever sources it: group, status

standing() {
  group='' is='' status='' keeps=''
  [ -e "$w.status" ] || return
  {
    read -r group pid start boot status
    read -r keeps
  } <"$w.status"
  [ -z "$group" ] || is="$pid $start $boot"
}
alive() {
  [ $# = 3 ] && read -r boot </proc/sys/kernel/random/boot_id && [ "$boot" = "$3" ] || return
  read -r stat 2>/dev/null <"/proc/$1/stat" || return
  set -- "$2" ${stat##*") "}
  case $2 in Z | X) return 1 ;; esac
  [ "${21}" = "$1" ]
}
lives() {
  standing
  [ -z "$status" ] || return
  if [ -n "$is$keeps" ]; then alive ${is:-$keeps}; else { ! flock -n -s 8; } 8<"$PLIMSOLL_STATE/lock"; fi
}
