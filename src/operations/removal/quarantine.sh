# Functions about volume `$1`, whose directory `volumes/NAME` is `$2` and, if it is the one that was meant, has the
# inode and time of change `$3`. Who uses it is asked of Docker at the last moment: any container, running or not,
# that mounts it by name, or binds a path in its directory, by whatever name.
# shellcheck disable=SC2174 # only the last directory is ours

set +fu
state=${PLIMSOLL_STATE:-/var/lib/plimsoll} name=$1 directory=$2 is=$3
entry=$state/quarantine/$name was=$state/quarantine/.$name.was
. ../../shell/no.sh
done_with() {
  printf '%s\n' "$*"
  exit 0
}
is_there() {
  all=$(docker volume ls -q) || no "Docker does not list its volumes"
  printf '%s\n' "$all" | grep -Fqx -e "$name"
}
write_entry() {
  { [ -d "$state/quarantine" ] || mkdir -p -m 700 -- "$state/quarantine"; } &&
    printf '{"name":"%s","is":"%s","since":%s,"until":%s,"removing":%s}\n' "$name" "$is" "$1" "$2" "$3" >"$state/quarantine/.$name" && sync -- "$state/quarantine/.$name" &&
    mv -f -- "$state/quarantine/.$name" "$entry" && sync -- "$state/quarantine" || no "what becomes of $name cannot be written down on the host"
}
forget() { [ ! -d "$state/quarantine" ] || { rm -f -- "$entry" "$was" && sync -- "$state/quarantine"; } || no "$entry cannot be removed"; }
entry_says() { [ -f "$entry" ] && case $(cat -- "$entry") in *"$1"*) true ;; *) false ;; esac }
field() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$entry"; }
is_it() {
  [ -e "$directory" ] || return 1
  found=$(find "$directory" -maxdepth 0 -type d -printf '%i %C@') || no "$directory cannot be looked at"
  [ "$found" = "$is" ]
}
same() {
  at=$(docker volume inspect --format '{{.Driver}} {{.Mountpoint}}' -- "$name") || {
    is_there && no "Docker does not describe $name"
    forget
    done_with "$name is gone already"
  }
  [ "$at" = "local $directory/_data" ] || no "$name lies somewhere else now: $at"
  is_it || { entry_says '"removing":true' && entry_says "\"is\":\"$is\"" && [ ! -e "$directory/_data" ]; } || no "$name is not the volume that was found: its directory has been made anew or changed since"
  while read -r _ _ _ _ at _; do
    case $at/ in "$directory"/*) no "something is mounted at $at" ;; esac
  done </proc/self/mountinfo
}
list_users() {
  tries=0
  while :; do
    ids=$(docker ps -aq --no-trunc) || return 1
    [ -n "$ids" ] || return 0
    # It fails when a container is removed at this moment.
    mounts=$(docker inspect --type container --format '{{$who := .Name}}{{range .Mounts}}{{$who}}|{{.Type}}|{{.Name}}|{{.Source}}{{println}}{{end}}' $ids) && break
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || return 1
  done
  printf '%s\n' "$mounts" | while IFS='|' read -r who type volume source; do
    case $type:$volume:$source/ in bind:*:"$directory"/*) ;; bind:*) continue ;; *:"$name":*) ;; *) continue ;; esac
    [ "${who#/}" = "${except-}" ] || printf '%s\n' "${who#/}"
  done
  real=$(cd -P -- "$directory" && pwd -P) || return 1
  binds=$(printf '%s\n' "$mounts" | sed -n 's/^[^|]*|bind|[^|]*|\//\//p' | sort -u | tr '\n' '\0' | xargs -0 -r realpath -m --) || return 1
  printf '%s\n' "$binds" | while IFS= read -r source; do
    case $source/ in "$real"/*) printf 'a container that binds %s\n' "$source" ;; esac
  done
}
users() {
  used=$(list_users) || no "it cannot be told which containers use $name"
  used=$(printf '%s' "$used" | sort -u | tr '\n' ' ')
  [ -n "$used" ]
}
