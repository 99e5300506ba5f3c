# shellcheck shell=sh
# In namespaces of its own: makes the bare root file system. $1 is where, $2 this machine's node, $3 its npm's
# directory.
set -eu
at=$1 node=$2 npm=$3
mount -t proc proc /proc

if ! command -v mmdebstrap >/dev/null; then
	{ apt-get update -q && apt-get install -y -q --no-install-recommends mmdebstrap; } >/dev/null ||
		{
			echo 'mmdebstrap could not be installed by apt-get: this needs Debian, and a mirror that can be reached' >&2
			exit 1
		}
fi

# What git needs it brings along; node is linked with the library of C++.
eval "$(apt-config shell proxy Acquire::http::Proxy)"
mmdebstrap --quiet --mode=root --variant=essential --include=git,libstdc++6 --format=directory \
	${proxy:+--aptopt="Acquire::http::Proxy \"$proxy\""} \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	bookworm "$at" ${PLIMSOLL_LAB_MIRROR:+"$PLIMSOLL_LAB_MIRROR"} ||
	{
		echo 'is the mirror reachable (another one: PLIMSOLL_LAB_MIRROR=http://…)?' >&2
		exit 1
	}

mkdir -p "$at/usr/local/lib/node_modules" "$at/usr/local/etc"
cp "$node" "$at/usr/local/bin/node"
cp -R "$npm" "$at/usr/local/lib/node_modules/npm"
for each in npm npx; do ln -s "../lib/node_modules/npm/bin/$each-cli.js" "$at/usr/local/bin/$each"; done
for each in node npm git; do
	chroot "$at" /usr/bin/env -i PATH=/usr/local/bin:/usr/bin:/bin "$each" --version >/dev/null ||
		{
			echo "$each does not run on Debian's essential packages, with git and libstdc++6" >&2
			exit 1
		}
done
