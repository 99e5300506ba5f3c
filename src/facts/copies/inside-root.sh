# The root directory in which that text runs, in a mount namespace of its own. Arguments: the way, the text, and the
# text's arguments.
# shellcheck disable=SC2154 # named by whoever renders or sources it: from_is, to_is

. ./enter.sh
inside_first=$(cat ./inside-first.sh)
. ../../shell/no.sh
at=/sys
[ -d "$at" ] || at=/mnt
# What is unmounted outside meanwhile must not be kept busy here.
mount -n --make-rslave / && mount -n -t tmpfs -o mode=755,size=16m tmpfs "$at" && mkdir -p "$at/dev" "$at/etc" "$at/.outside" || no "no root directory could be made for what is copied"
reachable() { mkdir -p -- "$at$1" && mount -n --bind -- "$1" "$at$1" && mount -n -o remount,ro,bind -- "$at$1" || no "$1 could not be made readable beside what is copied"; }
programs() {
  for each; do
    if [ -L "$each" ]; then
      mkdir -p -- "$at${each%/*}" && ln -s -- "$(readlink -- "$each")" "$at$each" || no "$each could not be linked"
    elif [ -d "$each" ] && [ ! -d "$at$each" ]; then
      reachable "$each"
    fi
  done
}
programs /bin /sbin /lib /lib32 /libx32 /lib64 /usr/bin /usr/sbin /usr/lib /usr/lib32 /usr/libx32 /usr/lib64 /usr/libexec /usr/local/bin /usr/local/sbin /usr/local/lib /usr/local/lib64 /etc/alternatives /nix/store /gnu/store
set -f
IFS=:
for each in $PATH; do
  case $each in /*) [ -L "$each" ] || [ -d "$at$each" ] || programs "$each" ;; esac
done
unset IFS
set +f
for each in /etc/ld.so.cache /etc/xattr.conf /etc/localtime; do [ ! -f "$each" ] || cp -L -- "$each" "$at$each" || no "$each could not be copied"; done
: >"$at/dev/null" && mount -n --bind /dev/null "$at/dev/null" || no "/dev/null could not be had"
# Some programs reach their own open files by /proc. Of what else is there they get nothing, not even the host's
# processes.
mkdir "$at/proc" || exit 1
mount -n -t proc -o ro,nosuid,nodev,noexec,subset=pid proc "$at/proc" 2>/dev/null || {
  mount -n -t proc -o ro,nosuid,nodev,noexec proc "$at/proc" || no "/proc could not be had"
  for each in "$at"/proc/*; do
    case ${each##*/} in [0-9]* | self | thread-self) continue ;; esac
    if [ -L "$each" ]; then
      :
    elif [ -d "$each" ]; then
      mount -n -t tmpfs -o ro,size=4k tmpfs "$each" || no "$each could not be hidden"
    else
      mount -n --bind "$at/dev/null" "$each" || no "$each could not be hidden"
    fi
  done
}
# What is bound is looked at once more, where nobody can put anything else in its place.
bound() {
  mkdir -p -- "$at$1" && (cd -P -- "$1" && mount -n --bind . "$at$1") || no "$1 could not be entered"
  (enter "$at$1" "$2" 2>/dev/null) || no "$1 is another directory now than the one that was planned for: was it replaced, or mounted for a container?"
  [ "$3" = rw ] || mount -n -o remount,ro,bind -- "$at$1" || no "$1 could not be made to be read only"
}
[ -z "$from" ] || bound "$from" "$from_is" ro
[ -z "$to" ] || bound "$to" "$to_is" "$1"
[ -z "$scratch" ] || bound "$scratch" '' rw
mount -n -o remount,ro "$at" || no "the root directory for what is copied could not be closed"
if command -v pivot_root >/dev/null 2>&1; then
  cd "$at" && pivot_root . .outside && cd / && chroot /.outside umount -n -l / || no "the host could not be left behind"
  at=/
fi
text=$2
shift 2
# Where util-linux has no pivot_root (Debian 14 has it in a package of its own), the host stays mounted, and no name
# leads to it: this very process, the first of its namespace, is given another root, so that none has the old one.
exec chroot "$at" /bin/sh -c "$inside_first" sh "$text" sh "$@"
