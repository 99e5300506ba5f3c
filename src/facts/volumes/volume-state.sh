# One volume's directory. Argument: the volume's mountpoint, `…/volumes/NAME/_data`. What is free is asked of
# `…/volumes`, which has no quota.
# The daemon's start is computed from ticks since boot; `now` is read before the uptime, so that it comes out rather too
# early: a file that is as old as the daemon then counts as not read.

. ../host/project-quota.sh
volume=$1
project_quota "$volume" "${volume%/*/*}"
case ${project-} in '' | 0) ;; *) printf 'inodes %s\n' "$(xfs_quota -x -c 'report -p -n -i -N' "$mount" | sed -n "s/^#$project  *//p")" ;; esac
[ ! -d "$volume" ] || printf 'shown %s\n' "$(df -B1 --output=size -- "$volume" | tail -n 1)"
while read -r _ _ _ _ at _ rest; do
  case $at in *\\*) at=$(printf '%b' "$at") ;; esac
  [ "$at" != "$volume" ] || {
    rest=${rest#*- }
    printf 'mounted %s\n' "${rest%% *}"
  }
done </proc/self/mountinfo
now=$(date +%s.%N)
read -r uptime _ </proc/uptime
dockerd=$(cat /run/docker.pid 2>/dev/null || cat /var/run/docker.pid 2>/dev/null)
[ -n "$dockerd" ] || dockerd=$(pidof -s dockerd 2>/dev/null)
ticks=$(sed 's/^.*) //' "/proc/${dockerd:-0}/stat" 2>/dev/null | cut -d' ' -f20)
printf 'daemon %s %s %s %s\n' "$now" "$uptime" "${ticks:--}" "$(getconf CLK_TCK 2>/dev/null || echo 100)"
options=${volume%/*}/opts.json
[ -e "$options" ] || {
  echo no options
  exit 0
}
stat -c 'written %Y %a %y' -- "$options" || exit 1
[ ! -d "$volume" ] || printf 'born %s\n' "$(stat -c %W -- "$volume")"
printf 'text\n' && cat -- "$options" && printf end
