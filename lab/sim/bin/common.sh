# shellcheck shell=sh
# shellcheck disable=SC2034 # for whoever sources it, or a file that it sources: META_TOTAL, avail, exact, length,
# options, source, thin
# Sourced by every simulated tool. State is plain files; nothing that came from outside is evaluated.
# SIM_STATE: the simulated kernel's and daemon's memory. SIM_ROOT: the host's root directory.
LC_ALL=C
export LC_ALL
set -u
tool=${0##*/} state=$SIM_STATE root=$SIM_ROOT
nl='
'
# shellcheck source=/dev/null
. "$state/host"

unsupported() {
	printf 'sim: unsupported call: %s %s\n' "$tool" "$1" >&2
	exit 2
}

# The machine's own tool, for what is not simulated.
real() {
	PATH=${PATH#"$SIM_BIN":}
	PATH=${PATH#"$SIM_STATE/bin":}
	exec "$tool" "$@"
}

# Sets `path` to what the host itself calls a path.
guest() {
	case $1 in
	"$root"/*) path=${1#"$root"} ;;
	*) path=$1 ;;
	esac
	case $path in /proc/self/root/*) path=${path#/proc/self/root} ;; esac
	case $path in ?*/) path=${path%/} ;; esac
}

get() {
	value=
	[ ! -e "$1" ] || IFS= read -r value <"$1" || :
}
put() { printf '%s\n' "$2" >"$1.new.$$" && mv -f "$1.new.$$" "$1"; }

# Sets `device` to the name of a mapped device, given its path; `thin` to its thin id, if it is one.
mapped() {
	guest "$1"
	device=${path#/dev/mapper/} thin=
	[ "$device" != "$path" ] && [ -d "$state/dm/$device" ] || return 1
	get "$state/dm/$device/table"
	set -f
	set -- $value
	set +f
	[ "${3-}" != thin ] || thin=$5
	length=${2:-0}
}

# Finds the mount that a path lies on: `at`, `source`, `kind`, `number`, `options`; `exact` when the path is where it is
# mounted.
mount_of() {
	guest "$1"
	at='' source='' kind='' number='' options='' exact=
	case $path in
	/proc/9000000*)
		pid=${path#/proc/} pid=${pid%%/*}
		[ -e "$root/proc/$pid/mountinfo" ] || return 1
		read -r _ _ number _ at options _ _ kind source _ <"$root/proc/$pid/mountinfo"
		exact=1
		return 0
		;;
	esac
	while read -r _ _ n _ p o _ _ k s so; do
		case $path/ in
		"$p"/* | "$p") ;;
		*) [ "$p" = / ] || continue ;;
		esac
		[ "${#p}" -ge "${#at}" ] || continue
		at=$p number=$n options=$o,$so kind=$k source=$s
	done <"$root/proc/self/mountinfo"
	[ "$at" != "$path" ] || exact=1
	[ -n "$at" ]
}

mounts_of() { # how many mounts a mapped device has
	count=0
	while read -r _ _ _ _ _ _ _ _ _ s _; do [ "$s" != "/dev/mapper/$1" ] || count=$((count + 1)); done <"$root/proc/self/mountinfo"
}

# What a device's last user leaves behind when it lets go.
released() {
	[ -e "$state/dm/$1/deferred" ] || return 0
	mounts_of "$1"
	[ "$count" -gt 0 ] || unmap "$1"
}

free_minor() { # the lowest one, as the kernel does
	minor=0 numbers=
	set +f
	for d in "$state"/dm/*/number; do
		get "$d"
		numbers="$numbers $value "
	done
	while :; do
		case $numbers in *" 253:$minor "*) minor=$((minor + 1)) ;; *) break ;; esac
	done
}

map() { # NAME TABLE
	free_minor
	mkdir "$state/dm/$1" || return 1
	put "$state/dm/$1/number" "253:$minor"
	set -f
	set -- "$1" $2
	new_device=$1
	shift
	put "$state/dm/$new_device/table" "$*"
	set -- "$new_device" "$@"
	set +f
	[ "${4-}" != thin ] || ln -s "$state/thin/$6/superblock" "$root/dev/mapper/$1"
}

unmap() {
	rm -rf "$state/dm/$1"
	rm -f "$root/dev/mapper/$1"
}

mount_line() { # NAME KIND WHERE OPTIONS
	get "$state/dm/$1/number"
	number=$value
	get "$state/next-mount"
	put "$state/next-mount" "$((value + 1))"
	case $2 in
	xfs) more="rw,nouuid,attr2,inode64,logbufs=8,logbsize=32k,noquota" ;;
	*) more="rw,stripe=64" ;;
	esac
	printf '%s 23 %s / %s %s shared:%s - %s /dev/mapper/%s %s\n' "$value" "$number" "$3" rw,relatime "$value" "$2" "$1" "$more"
}

unmount() { # WHERE: its newest mount
	kept='' found=
	while IFS= read -r line; do
		set -f
		set -- "$1" $line
		set +f
		if [ "$6" = "$1" ]; then
			[ -z "$found" ] || kept=$kept$found$nl
			found=$line
		else
			kept=$kept$line$nl
		fi
	done <"$root/proc/self/mountinfo"
	printf '%s' "$kept" >"$root/proc/self/mountinfo.new" && mv -f "$root/proc/self/mountinfo.new" "$root/proc/self/mountinfo"
	[ -n "$found" ]
}

# Big-endian (XFS) and little-endian (ext) numbers, written into a superblock.
bytes_be() {
	n=$1 i=$2 text=
	while [ "$i" -gt 0 ]; do
		i=$((i - 1))
		text=$text$(printf '\\%03o' "$((n >> (8 * i) & 255))")
	done
	printf "$text"
}
bytes_le() {
	n=$1 i=0 text=
	while [ "$i" -lt "$2" ]; do
		text=$text$(printf '\\%03o' "$((n >> (8 * i) & 255))")
		i=$((i + 1))
	done
	printf "$text"
}
patch() { dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }

# `bytes`, `used`, `avail` of the file system on a thin device, as df counts them.
thin_usage() {
	get "$state/thin/$1/kind"
	kind=$value
	get "$state/thin/$1/bytes"
	total=$value
	get "$state/thin/$1/files"
	files=$value
	if [ "$kind" = xfs ]; then
		# The log is not counted; each allocation group keeps a little for itself.
		bytes=$((total - 16384 * 4096)) used=$((files + total / 125)) avail=$((bytes - used))
	else
		get "$state/thin/$1/block"
		if [ "$value" = 1024 ]; then bytes=$((total - (5086 + (total + 8388607) / 8388608 * 537) * 1024)); else bytes=$((total * 9838 / 10000 - 64 * 1024 * 1024)); fi
		used=$files avail=$((bytes - used - total / 20))
	fi
}

pool_used() { # blocks of its data, and how many there are for its metadata
	get "$state/meta-total"
	META_TOTAL=$value blocks=0
	for t in "$state"/thin/*/blocks; do
		[ -e "$t" ] || continue
		get "$t"
		blocks=$((blocks + value))
	done
}

# Finds one of the pool's files by its path: `loop` is the number of the device that shows it. It holds its size as
# text.
loop_file() {
	guest "$1"
	loop=
	case $path in "$ROOT/devicemapper/devicemapper/data") loop=0 ;; "$ROOT/devicemapper/devicemapper/metadata") loop=1 ;; esac
	[ -n "$loop" ] && [ -e "$root$path" ]
}
loop_device() { # sets `loop`, and `value` to its size
	loop=${1#/dev/loop}
	[ -e "$state/loop/$loop" ] && get "$state/loop/$loop"
}

[ ! -e "$state/calls" ] || . "$SIM_BIN/calls.sh"
if [ -e "$state/faults/$tool" ]; then . "$SIM_BIN/faults.sh"; fi
