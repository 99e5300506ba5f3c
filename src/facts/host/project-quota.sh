# `project_quota DIRECTORY ROOT` prints the project quota on a directory; ROOT is a directory on the same file system
# that has no quota itself, and so tells what is free.

project_quota() {
  [ -d "$1" ] || {
    printf 'directory missing\n'
    return 0
  }
  mount=$(df --output=target -- "$1" | tail -n 1)
  printf 'mount %s\n' "$mount"
  while read -r _ _ _ _ at options rest; do
    [ "$at" = "$mount" ] && type=${rest#*- } && options="$options ${rest##* }" && line="filesystem ${type%% *}
options $options"
  done </proc/self/mountinfo
  printf '%s\n' "${line-}"
  printf 'free %s\n' "$(df -B1 --output=avail -- "$2" | tail -n 1)"
  command -v xfs_quota >/dev/null 2>&1 && command -v xfs_io >/dev/null 2>&1 || {
    printf 'tool missing\n'
    return 0
  }
  project=$(xfs_io -r -c stat "$1" 2>/dev/null | sed -n 's/^fsxattr.projid = //p')
  printf 'project %s\n' "$project"
  [ -z "$project" ] || [ "$project" = 0 ] || printf 'quota %s\n' "$(xfs_quota -x -c 'report -p -n -b -N' "$mount" | sed -n "s/^#$project  *//p")"
}
