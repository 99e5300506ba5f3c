import { quote } from '../values/shell.ts';
import { shell } from '../shell/shell.ts';

/** A directory, and which one its path has to lead to when it is worked in. */
export interface Entered {
  readonly path: string;
  /**
   * `device:inode`; with `:born` after it of what has to be found again after a restart, when a device may have another
   * number. Empty of one that did not exist when this was planned: an earlier change of the same plan makes it, in a
   * directory of Docker's or plimsoll's own, where nobody but root can put something else in its place.
   */
  readonly identity: string;
}

/** A directory that does not exist yet. */
export function toBeMade(path: string): Entered {
  return { path, identity: '' };
}

/** The same directory also when the host has been restarted since. */
export function afterRestarts({ path, identity, born }: Entered & { readonly born: number }): Entered {
  return { path, identity: `${identity}:${String(born)}` };
}

/** The two arguments that `enter` takes. */
export function enteredArguments({ path, identity }: Entered): readonly [string, string] {
  return [path, identity];
}

/**
 * `enter PATH IDENTITY` goes into a directory, and fails when it is not the one that was planned for. From there on a script
 * says `.`: what a container puts at the path is of no meaning any more. A path that is used a second time leads to
 * wherever somebody who may write to a directory above it has let it lead meanwhile.
 */
export const enterFunction = `${shell('facts/enter.sh')}\n`;

/**
 * Makes a root file system, in namespaces of its own for mounts and processes, that holds programs, the two directories at
 * their own paths and nothing else, and runs a command there. `$from`, `$to`, `$scratch` with `$from_is`, `$to_is`; `$1`: whether `$to` may be written to.
 */
const insideScript = `no() { printf '%s\\n' "$*" >&2; exit 1; }
at=/sys
[ -d "$at" ] || at=/mnt
# What is unmounted outside meanwhile must not be kept busy here.
mount -n --make-rslave / && mount -n -t tmpfs -o mode=755,size=16m tmpfs "$at" && mkdir -p "$at/dev" "$at/etc" "$at/.outside" || no "no root directory could be made for what is copied"
reachable() { mkdir -p -- "$at$1" && mount -n --bind -- "$1" "$at$1" && mount -n -o remount,ro,bind -- "$at$1" || no "$1 could not be made readable beside what is copied"; }
programs() {
  for each do
    if [ -L "$each" ]; then mkdir -p -- "$at\${each%/*}" && ln -s -- "$(readlink -- "$each")" "$at$each" || no "$each could not be linked"
    elif [ -d "$each" ] && [ ! -d "$at$each" ]; then reachable "$each"; fi
  done
}
programs /bin /sbin /lib /lib32 /libx32 /lib64 /usr/bin /usr/sbin /usr/lib /usr/lib32 /usr/libx32 /usr/lib64 /usr/libexec /usr/local/bin /usr/local/sbin /usr/local/lib /usr/local/lib64 /etc/alternatives /nix/store /gnu/store
set -f; IFS=:
for each in $PATH; do
  case $each in /*) [ -L "$each" ] || [ -d "$at$each" ] || programs "$each" ;; esac
done
unset IFS; set +f
for each in /etc/ld.so.cache /etc/xattr.conf /etc/localtime; do [ ! -f "$each" ] || cp -L -- "$each" "$at$each" || no "$each could not be copied"; done
: >"$at/dev/null" && mount -n --bind /dev/null "$at/dev/null" || no "/dev/null could not be had"
# Some programs reach their own open files by /proc. Of what else is there they get nothing, not even the host's processes.
mkdir "$at/proc" || exit 1
mount -n -t proc -o ro,nosuid,nodev,noexec,subset=pid proc "$at/proc" 2>/dev/null || {
  mount -n -t proc -o ro,nosuid,nodev,noexec proc "$at/proc" || no "/proc could not be had"
  for each in "$at"/proc/*; do
    case \${each##*/} in [0-9]* | self | thread-self) continue ;; esac
    if [ -L "$each" ]; then :
    elif [ -d "$each" ]; then mount -n -t tmpfs -o ro,size=4k tmpfs "$each" || no "$each could not be hidden"
    else mount -n --bind "$at/dev/null" "$each" || no "$each could not be hidden"
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
# Where util-linux has no pivot_root (Debian 14 has it in a package of its own), the host stays mounted, and no name leads to
# it: this very process, the first of its namespace, is given another root, so that none has the old one.
exec chroot "$at" /bin/sh -c ${quote(`[ -z "$to" ] || cd -- "$to" || exit 1
# The first process of a namespace heeds only signals that it has asked for; when it ends, all others there do.
exec env -i "PATH=$PATH" "LC_ALL=\${LC_ALL-}" "TMPDIR=\${TMPDIR-}" "from=$from" "to=$to" "scratch=$scratch" /bin/sh -c 'exec 6<&0
trap "exit 143" TERM INT HUP
/bin/sh -c "$@" <&6 6<&- &
wait "$!"' sh "$@"`)} sh "$text" sh "$@"`;

/**
 * `inside WAY TEXT ARGUMENT…` runs a shell's text where nothing can be reached but the host's programs, the directory `$from`
 * (read only), the directory `$to` (WAY: `rw` or `ro`) and `$scratch`, each left out where it is empty. They are the
 * ones that `$from_is` and `$to_is` identify (as for `enter`) and have their own paths there, so that messages name those.
 *
 * rsync, cp and tar open `a/b/c` by its name: a container that puts a symbolic link in the place of `a/b` between their
 * look at it and that would have root copy any file of the host to where the container can read it, or write to
 * any. Here a link out of the two directories leads nowhere.
 *
 * Without CAP_SYS_ADMIN there are no such namespaces; but whoever lacks that cannot run containers either, and cannot be
 * led to more than it may. Then both directories are held open meanwhile, and no path of theirs is used again.
 */
export const insideFunctions = `${enterFunction}may_confine() {
  caps=$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)
  case \${caps%?????} in *[2367abef]) return 0 ;; esac
  return 1
}
inside() (
  way=$1 text=$2
  shift 2
  : "\${from=}" "\${to=}" "\${from_is=}" "\${to_is=}" "\${scratch=}"
  export from to from_is to_is scratch
  [ -z "$scratch" ] || { TMPDIR=$scratch; export TMPDIR; }
  if may_confine; then
    command -v unshare >/dev/null 2>&1 || { echo "the host has no unshare (util-linux), with which a copy keeps to its directories" >&2; exit 1; }
    exec unshare -m -p -f /bin/sh -c ${quote(`${enterFunction}${insideScript}`)} plimsoll-inside "$way" "$text" "$@"
  fi
  if [ -n "$from" ]; then enter "$from" "$from_is" && exec 5<. && from=/proc/self/fd/5/. || exit 1; fi
  if [ -n "$to" ]; then enter "$to" "$to_is" && to=. || exit 1; fi
  exec /bin/sh -c "$text" sh "$@"
)
`;
