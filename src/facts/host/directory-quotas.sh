# Arguments: Docker's root directory, that of its volumes, and then the directories: volumes and layers, in one script
# for all of them. The report is asked for once for each file system, and projects only where it has any.
# `opts.json` is printed only where it holds nothing but a size: mount options may hold a password.
# shellcheck disable=SC3013 # dash, bash and BusyBox have -nt

sed -e '/ - overlay /d' -e '/ - cgroup2* /d' -e '/ - nsfs /d' -e '/ - proc /d' -e 's/^/mount /' /proc/self/mountinfo || exit 1
daemon=/run/docker.pid
[ -e "$daemon" ] || daemon=/var/run/docker.pid
projects='' last=
if command -v xfs_quota >/dev/null 2>&1 && command -v xfs_io >/dev/null 2>&1; then
  for base in "$1" "$2"; do
    at=$(df --output=target -- "$base" 2>/dev/null | tail -n +2 | tail -n 1)
    [ -n "$at" ] && [ "$at" != "$last" ] || continue
    last=$at report=$(xfs_quota -x -c 'report -p -n -b -N' "$at" 2>/dev/null)
    printf 'report %s\n%s\n' "$at" "$report"
    case $report in *'#'[1-9]*) projects=1 ;; esac
  done
else
  echo tool missing
fi
shift 2
index=0
for directory; do
  [ -z "$projects" ] || printf 'project %s %s\n' "$index" "$(xfs_io -r -c stat "$directory" 2>/dev/null </dev/null | sed -n 's/^fsxattr.projid = //p')"
  options=${directory%/*}/opts.json
  if [ -f "$options" ]; then
    text=
    read -r text <"$options" || :
    case $text in *'"MountType":"","MountOpts":"","MountDevice":""'*) printf 'options %s %s\n' "$index" "$text" ;; esac
    [ ! "$options" -nt "$daemon" ] || printf 'written %s %s %s\n' "$index" "$(stat -c %Y -- "$options")" "$(stat -c %W -- "$directory")"
  fi
  index=$((index + 1))
done
echo end
